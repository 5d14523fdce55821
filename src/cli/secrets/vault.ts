import { dirname, resolve } from 'node:path';
import { UserError } from '../../errors.ts';
import type { KeyPair } from '../../secrets/age.ts';
import { VaultFile } from '../../secrets/vault-file.ts';
import type { Vault } from '../../secrets/vault-format.ts';
import { suggest } from '../../suggest.ts';
import { plainLine } from '../../ui/plain-text.ts';
import type { Context } from '../context.ts';

/** Options of every verb of `secrets`. */
export interface VaultWords {
  /** The host file; the vault is beside it. */
  readonly file?: string;
}

/** The vault beside the host file. */
export function vaultFile(
  { cwd, env }: Pick<Context, 'cwd' | 'env'>,
  { file = 'host.yaml' }: VaultWords,
  keys: readonly KeyPair[] = [],
): VaultFile {
  return new VaultFile({ directory: dirname(resolve(cwd, file)), env, tell, keys });
}

/** Beside the output proper, which may be a secret that a script reads. */
export function tell(text: string): void {
  process.stderr.write(`${plainLine(text)}\n`);
}

/** @throws {UserError} when there is none yet. */
export async function readVault(file: VaultFile): Promise<Vault> {
  const vault = await file.read();
  if (vault) return vault;
  throw new UserError({
    message: `There is no vault here yet: ${file.path}`,
    hint: 'It is made by the first `hostwright apply` that needs a secret, and by `hostwright secrets set`.',
  });
}

/**
 * The key `host/role/name` that is meant by `role/name`, or by itself.
 * @throws {UserError} when there is none, or more than one
 */
export function findKey({ secrets }: Vault, name: string): string {
  if (secrets.has(name)) return name;
  const found = [...secrets.keys()].filter((key) => key.slice(key.indexOf('/') + 1) === name);
  const [only, second] = found;
  if (only !== undefined && second === undefined) return only;
  if (second !== undefined) {
    throw new UserError({
      message: `More than one host has a secret ${plainLine(name)}.`,
      hint: `Say which: ${found.join(', ')}`,
    });
  }
  const names = [...secrets.keys()].map((key) => key.slice(key.indexOf('/') + 1));
  const meant = suggest(name, names);
  throw new UserError({
    message: `There is no secret ${plainLine(name)} in the vault.`,
    hint: meant ? `Did you mean ${meant}?` : 'See what there is: hostwright secrets list',
  });
}
