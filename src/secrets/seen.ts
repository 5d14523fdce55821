import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { identityPlace } from './places.ts';
import type { Reader, Vault } from './vault-format.ts';

const format = z.record(z.string(), z.object({ id: z.string(), readers: z.array(z.string()) }));

type Environment = Readonly<Record<string, string | undefined>>;

/** What has changed about a vault since this computer wrote it, or showed who can open it, for the last time. */
export interface SinceSeen {
  /** Who can open it now and could not then. */
  readonly added: readonly Reader[];
  /** It is another vault than the one that was in this folder. */
  readonly replaced: boolean;
}

/**
 * age says nothing about who encrypted a file: whoever may write the folder could put a vault there that he can open,
 * and get whatever is saved in it later. So each computer remembers whom it has seen.
 */
export async function sinceSeen(env: Environment, path: string, vault: Vault): Promise<SinceSeen> {
  const seen = (await read(env))[path];
  if (!seen) return { added: [], replaced: false };
  return {
    added: vault.readers.filter(({ recipient }) => !seen.readers.includes(recipient)),
    replaced: seen.id !== vault.id,
  };
}

/** Remembers who can open a vault. Where that cannot be written, it is not. */
export async function rememberSeen(env: Environment, path: string, { id, readers }: Vault): Promise<void> {
  const place = placeOf(env);
  const all = await read(env);
  const next = { ...all, [path]: { id, readers: readers.map(({ recipient }) => recipient) } };
  const temporary = `${place}.${process.pid}.new`;
  try {
    await mkdir(dirname(place), { recursive: true, mode: 0o700 });
    await writeFile(temporary, `${JSON.stringify(next, undefined, 1)}\n`, { mode: 0o600 });
    await rename(temporary, place);
  } catch {
    // Only a warning less.
  }
}

async function read(env: Environment): Promise<z.output<typeof format>> {
  try {
    return format.parse(JSON.parse(await readFile(placeOf(env), 'utf8')));
  } catch {
    return {};
  }
}

function placeOf(env: Environment): string {
  return join(dirname(identityPlace({ ...env, HOSTWRIGHT_IDENTITY: undefined }).path), 'vaults.json');
}
