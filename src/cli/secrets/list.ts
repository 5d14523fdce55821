import { UserError } from '../../errors.ts';
import type { VaultEntry } from '../../secrets/vault-format.ts';
import type { Context } from '../context.ts';
import { findKey, readVault, type VaultWords, vaultFile } from './vault.ts';

/** Names and ages; no values. */
export async function listSecrets(context: Context, words: VaultWords): Promise<void> {
  const file = vaultFile(context, words);
  const secrets = [...((await file.read())?.secrets ?? [])].map(([key, entry]) => describe(key, entry));
  const { globals, json, warn, paint } = context;
  if (globals.json) return json({ v: 1, vault: file.path, secrets });
  if (secrets.length === 0) return warn('The vault has no secrets.');
  const width = Math.max(...secrets.map(({ name }) => name.length));
  for (const { name, kind, origin, since, unconfirmed } of secrets) {
    const when = `${origin} ${since.slice(0, 10)}`;
    const open = unconfirmed
      ? paint.changed('  the host may still have the earlier value: hostwright apply')
      : '';
    warn(`${paint.strong(name.padEnd(width))}  ${kind.padEnd(8)}  ${when}${open}`);
  }
}

/** One value. It is shown on a terminal, or when it is asked for in so many words. */
export async function showSecret(
  context: Context,
  name: string,
  { yes, ...words }: VaultWords & { readonly yes?: true },
): Promise<void> {
  const { globals, interactive, json, warn } = context;
  if (!yes && (!interactive || globals.json)) {
    throw new UserError({
      message: 'This would write a secret where it may be kept: the output is no terminal.',
      hint: 'If that is what you want, add --yes.',
    });
  }
  const vault = await readVault(vaultFile(context, words));
  const key = findKey(vault, name);
  const entry = vault.secrets.get(key);
  if (!entry) return;
  if (globals.json) json({ v: 1, ...describe(key, entry), value: entry.value });
  else warn(entry.value);
}

function describe(key: string, { kind, origin, since, earlier, earlierUnknown }: VaultEntry) {
  const [host = '', role = ''] = key.split('/');
  return { name: key, host, role, kind, origin, since, unconfirmed: earlier.length > 0 || earlierUnknown };
}
