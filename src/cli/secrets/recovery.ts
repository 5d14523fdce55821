import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserError } from '../../errors.ts';
import { type KeyPair, newKeyPair } from '../../secrets/age.ts';
import { identityText, parseIdentity } from '../../secrets/identity.ts';
import { ownReader, type VaultFile } from '../../secrets/vault-file.ts';
import { wrapText } from '../../ui/wrap-text.ts';
import type { Context } from '../context.ts';
import { readHidden } from './read-value.ts';
import { readVault, tell, type VaultWords, vaultFile } from './vault.ts';

export const RECOVERY_WORDS =
  'The recovery key opens the vault when every computer with a key of its own is gone. It is shown once, here, and is ' +
  'written to no disk. Print it or copy it by hand, and keep the paper where you keep your passport.';

/**
 * Makes a recovery key: one more that opens the vault. It is shown on the terminal, or goes where `out` says.
 * @param out a file that is not there yet, or `-` for standard output
 */
export async function makeRecoveryKey(
  context: Context,
  out: string | undefined,
  words: VaultWords,
): Promise<void> {
  if (out === undefined && (!context.interactive || context.globals.json)) {
    throw new UserError({
      message: 'A recovery key is shown on a terminal, and there is none.',
      hint: 'Say where it goes: --out FILE, or --out - for standard output. Then print it, and delete it.',
    });
  }
  const file = vaultFile(context, words);
  const pair = await addRecoveryKey(context, file, out);
  if (context.globals.json) context.json({ v: 1, vault: file.path, ...keyObject(pair, out) });
}

/** What `--json` says of a recovery key: the key itself only where standard output was asked for. */
export function keyObject({ identity, recipient }: KeyPair, out: string | undefined) {
  return { recipient, ...(out === '-' ? { identity } : {}) };
}

/** The same, for the vault of `init`. With `--json`, what goes to standard output is left to the caller. */
export async function addRecoveryKey(
  context: Context,
  file: VaultFile,
  out: string | undefined,
): Promise<KeyPair> {
  const pair = await newKeyPair();
  const text = identityText(pair);
  if (out !== undefined && out !== '-') await writeKey(resolve(context.cwd, out), text);
  const since = new Date().toISOString();
  const name = `recovery key of ${since.slice(0, 10)}`;
  await file.update((vault) => ({
    ...vault,
    readers: [...vault.readers, { recipient: pair.recipient, name, since }],
  }));
  if (out === '-' && !context.globals.json) process.stdout.write(text);
  else if (out === undefined) await showKey(context, pair.identity);
  if (out !== undefined)
    context.say('Print the recovery key, and delete it: it opens every secret of this folder.');
  return pair;
}

async function showKey({ warn, paint, ask, columns }: Context, identity: string): Promise<void> {
  warn(`\n${wrapText(RECOVERY_WORDS, columns).join('\n')}\n\n  ${paint.strong(identity)}\n`);
  while (!(await ask.confirm('Is it on paper?'))) warn(`\n  ${paint.strong(identity)}\n`);
}

async function writeKey(path: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    throw new UserError({
      message: `The recovery key could not be written to ${path} (${error.code ?? error.message}). Nothing was changed.`,
      hint: 'Name a file that is not there yet.',
    });
  });
}

async function parseRecoveryKey(text: string): Promise<KeyPair> {
  return parseIdentity(text, 'The recovery key').catch(() => {
    throw new UserError({
      message: 'This is no recovery key: a letter is missing or wrong.',
      hint: 'Compare it with the paper: one line of 74 characters that begins with AGE-SECRET-KEY-1.',
    });
  });
}

/** Opens the vault with the recovery key, and lets this computer in. */
export async function recover(context: Context, words: VaultWords): Promise<void> {
  const text = await readHidden(context, 'The recovery key, AGE-SECRET-KEY-1…');
  const line = text.split(/\r?\n/).find((one) => one.trim() !== '' && !one.startsWith('#')) ?? '';
  const file = vaultFile(context, words, [await parseRecoveryKey(line.replaceAll(/\s/g, ''))]);
  await readVault(file);
  const own = await ownReader(context.env, tell);
  await file.update((vault) =>
    vault.readers.some(({ recipient }) => recipient === own.recipient)
      ? vault
      : { ...vault, readers: [...vault.readers, own] },
  );
  if (context.globals.json) return context.json({ v: 1, vault: file.path, added: own.recipient });
  context.say('This computer can open the vault again. Commit secrets.age and secrets.recipients.');
}
