import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyPair } from '../../src/secrets/age.ts';
import { VaultFile } from '../../src/secrets/vault-file.ts';

/** A folder for host files, and the homes of the people who work in it. */
export interface VaultFolder {
  readonly path: string;
  /** What the vault told people. */
  readonly told: string[];
  /** The environment of somebody with a home of his own. */
  envOf(person: string): Readonly<Record<string, string>>;
  vaultOf(person: string, keys?: readonly KeyPair[]): VaultFile;
  remove(): Promise<void>;
}

export async function vaultFolder(): Promise<VaultFolder> {
  const root = await mkdtemp(join(tmpdir(), 'hostwright-vault-'));
  const path = join(root, 'folder');
  await mkdir(path);
  const told: string[] = [];
  const envOf = (person: string) => ({ HOME: join(root, person) });
  return {
    path,
    told,
    envOf,
    vaultOf: (person, keys = []) =>
      new VaultFile({ directory: path, env: envOf(person), tell: (text) => told.push(text), keys }),
    remove: () => rm(root, { recursive: true }),
  };
}
