import { UserError } from '../../errors.ts';
import { isRecipient } from '../../secrets/age.ts';
import { ensureIdentity, readIdentities } from '../../secrets/identity.ts';
import { identityPlace } from '../../secrets/places.ts';
import type { Reader } from '../../secrets/vault-format.ts';
import { plainLine } from '../../ui/plain-text.ts';
import type { Context } from '../context.ts';
import { readVault, tell, type VaultWords, vaultFile } from './vault.ts';

/** Who can open the vault. From now on this computer warns when that changes elsewhere. */
export async function listReaders(context: Context, words: VaultWords): Promise<void> {
  const { env, globals, json, warn, paint } = context;
  const file = vaultFile(context, words);
  const vault = await readVault(file);
  await file.seen(vault);
  const own = (await readIdentities(env)).map(({ recipient }) => recipient);
  const readers = vault.readers.map((reader) => ({ ...reader, own: own.includes(reader.recipient) }));
  if (globals.json) return json({ v: 1, vault: file.path, recipients: readers });
  for (const { recipient, name, since, own: isOwn } of readers)
    warn(
      `${recipient}  ${paint.strong(plainLine(name))}, since ${since.slice(0, 10)}${isOwn ? ' (this computer)' : ''}`,
    );
}

/** The public half of this computer's key, for somebody who lets us in. */
export async function ownRecipient(context: Context): Promise<void> {
  const { env, globals, json, warn } = context;
  const { recipient } = await ensureIdentity(env, tell);
  if (globals.json) json({ v: 1, recipient, identityFile: identityPlace(env).path });
  else warn(recipient);
}

/** Lets somebody in: all secrets are encrypted to him too. */
export async function addReader(
  context: Context,
  recipient: string,
  name: string | undefined,
  words: VaultWords,
): Promise<void> {
  await requireRecipient(recipient);
  const reader: Reader = {
    recipient,
    name: plainLine(name ?? 'no name').slice(0, 100),
    since: new Date().toISOString(),
  };
  let isNew = true;
  const file = vaultFile(context, words);
  await file.update((vault) => {
    isNew = !vault.readers.some((one) => one.recipient === recipient);
    return isNew ? { ...vault, readers: [...vault.readers, reader] } : vault;
  });
  if (context.globals.json) return context.json({ v: 1, vault: file.path, added: isNew ? recipient : null });
  context.say(
    isNew
      ? `${reader.name} can open the vault from now on. Commit secrets.age and secrets.recipients.`
      : 'That key can open the vault already.',
  );
}

/** Shuts somebody out of what is saved from now on; what he has copied, nobody can take from him. */
export async function removeReader(context: Context, who: string, words: VaultWords): Promise<void> {
  let gone: readonly Reader[] = [];
  const file = vaultFile(context, words);
  await readVault(file);
  await file.update((vault) => {
    gone = vault.readers.filter(({ recipient, name }) => recipient === who || name === who);
    const left = vault.readers.filter((reader) => !gone.includes(reader));
    requireRemovable(who, gone, left, vault.readers);
    return { ...vault, readers: left };
  });
  if (context.globals.json)
    return context.json({ v: 1, vault: file.path, removed: gone.map(({ recipient }) => recipient) });
  context.warn(
    `${gone.map(({ name }) => plainLine(name)).join(', ')} cannot open the vault as it is now. Whoever has an older copy of it, from git or a backup, can still read what was in that. To make those values worthless: hostwright secrets rotate --all`,
  );
}

async function requireRecipient(text: string): Promise<void> {
  if (await isRecipient(text)) return;
  const isSsh = text.startsWith('ssh-');
  const isSecret = /^age-secret-key-/i.test(text);
  throw new UserError({
    message: isSecret
      ? 'This is an identity, which opens the vault: keep it to yourself. What is added is a recipient, age1….'
      : isSsh
        ? 'An SSH key cannot open this vault: it takes keys of age.'
        : 'This is no recipient: it has 62 characters and begins with age1.',
    hint: 'On the other computer it is shown by: hostwright secrets recipients me',
  });
}

function requireRemovable(
  who: string,
  gone: readonly Reader[],
  left: readonly Reader[],
  all: readonly Reader[],
): void {
  if (gone.length === 0) {
    throw new UserError({
      message: `Nobody who can open the vault is called ${plainLine(who)}.`,
      hint: `There are: ${all.map(({ name, recipient }) => `${plainLine(name)} (${recipient})`).join(', ')}`,
    });
  }
  if (left.length > 0) return;
  throw new UserError({
    message: 'Nobody could open the vault any more.',
    hint: 'Let somebody else in first: hostwright secrets recipients add',
  });
}
