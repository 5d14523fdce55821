import { UserError } from '../../errors.ts';
import { newMark } from '../../secrets/secret.ts';
import { secretKey } from '../../secrets/source.ts';
import { didYouMean } from '../../suggest.ts';
import type { Context } from '../context.ts';
import { loadHosts } from '../load-hosts.ts';
import { readNewValue } from './read-value.ts';
import { type VaultWords, vaultFile } from './vault.ts';

/** Puts a value of the user's own into the vault. The host gets it with the next apply. */
export async function setSecret(context: Context, name: string, words: VaultWords): Promise<void> {
  const { host, key, role } = await target(context, name, words);
  const value = await readNewValue(context, `New value for ${key}`);
  await vaultFile(context, words).update((vault) => {
    const id = `${host}/${key}`;
    const before = vault.secrets.get(id);
    const now = { value, mark: newMark(), origin: 'set', since: new Date().toISOString() } as const;
    const entry = before
      ? { ...before, ...now, earlier: [{ value: before.value, mark: before.mark }, ...before.earlier] }
      : { ...now, kind: 'password' as const, earlier: [], earlierUnknown: false };
    return { ...vault, secrets: new Map(vault.secrets).set(id, entry) };
  });
  if (context.globals.json) return context.json({ v: 1, name: `${host}/${key}` });
  context.say(`Saved in the vault. The host gets it with: hostwright apply --only ${role}`);
}

/** @throws {UserError} when the host file has no such role. */
async function target(context: Context, name: string, { file }: VaultWords) {
  const { hosts, early } = await loadHosts(context, file === undefined ? [] : [file], false);
  early?.drop();
  const [host] = hosts;
  if (!host) throw new Error('A host file was named and none was loaded');
  const parts = name.split('/');
  const [role = '', secret = ''] = parts[0] === host.name && parts.length === 3 ? parts.slice(1) : parts;
  if (secret === '' || parts.length > 3 || !/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(secret)) {
    throw new UserError({
      message: 'A secret is named ROLE/NAME.',
      hint: 'For instance extras/anna: the password of the account anna of the role extras.',
    });
  }
  const roles = host.roles.map((one) => one.name);
  if (!roles.includes(role)) {
    throw new UserError({
      message: `There is no role ‘${role}’ in ${host.file}.`,
      hint: didYouMean(role, roles, 'There are'),
    });
  }
  return { host: host.name, role, key: secretKey({ role, name: secret }) };
}
