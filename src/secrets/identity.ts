import { chmod, mkdir, open, readFile, stat } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { dirname } from 'node:path';
import { UserError } from '../errors.ts';
import { type KeyPair, keyPairOf, newKeyPair } from './age.ts';
import { identityPlace } from './places.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The keys in this computer's identity file; none when there is no file yet.
 * @throws {UserError} when others may read it, when it holds something else, or is not where the environment says
 */
export async function readIdentities(env: Environment): Promise<readonly KeyPair[]> {
  const { path, chosen } = identityPlace(env);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && !chosen) return undefined;
    throw new UserError({
      message: `${path}: the identity that opens the vault cannot be read (${error.code ?? error.message}).`,
      hint: chosen
        ? 'HOSTWRIGHT_IDENTITY says that it is there.'
        : 'Make it readable for you, and for you only.',
    });
  });
  if (text === undefined) return [];
  if (!chosen && ((await stat(path)).mode & 0o077) !== 0) {
    throw new UserError({
      message: `${path}: others may read the identity that opens the vault.`,
      hint: `Take that away: chmod 600 ${path}. If somebody may have read it: hostwright secrets rotate --all`,
    });
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return Promise.all(lines.map((line) => parseIdentity(line.trim(), path)));
}

/** The first key of this computer's identity file, which is made when there is none. */
export async function ensureIdentity(env: Environment, tell: (text: string) => void): Promise<KeyPair> {
  const [first] = await readIdentities(env);
  if (first) return first;
  const pair = await newKeyPair();
  const { path } = identityPlace(env);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new UserError({
      message: `${path}: the identity could not be written (${error.code ?? error.message}).`,
    });
  });
  try {
    await file.writeFile(identityText(pair));
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(path, 0o600);
  tell(
    `Made the key that opens your vault on this computer: ${path}. Do not share it, and do not commit it.`,
  );
  return pair;
}

/** As age-keygen(1) writes it. */
export function identityText({ identity, recipient }: KeyPair): string {
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  return `# created: ${now}\n# public key: ${recipient}\n${identity}\n`;
}

/** A name for the key of this computer: `ada@laptop`. */
export function nameOfThisComputer(): string {
  return `${userInfo().username}@${hostname()}`;
}

/** @throws {UserError} when it is no identity; the message shows nothing of it. */
export async function parseIdentity(text: string, place: string): Promise<KeyPair> {
  try {
    return await keyPairOf(text.toUpperCase());
  } catch {
    throw new UserError({
      message: `${place}: this is no identity.`,
      hint: 'An identity is one line that begins with AGE-SECRET-KEY-1, as age-keygen makes it.',
    });
  }
}
