import { readFile, stat } from 'node:fs/promises';
import ssh2 from 'ssh2';
import { ConnectError } from '../errors.ts';

/** A private key file that could be offered. */
export interface KeyFile {
  readonly file: string;
  readonly publicKey: ssh2.ParsedKey;
  readonly encrypted: boolean;
  readonly content: string;
}

/** A key file that ssh2 can use, or why not in a sentence; neither when there is no such file. */
export interface KeyFileResult {
  readonly key?: KeyFile;
  readonly note?: string;
}

/** Reads a private key file without its passphrase: the public half suffices to ask the host whether it would do. */
export async function readKeyFile(file: string): Promise<KeyFileResult> {
  const content = await readFile(file, 'utf8').catch(() => undefined);
  if (content === undefined) return {};
  const mode = (await stat(file)).mode & 0o777;
  if ((mode & 0o077) !== 0)
    return { note: `${file} is readable by others and was ignored, as ssh does (chmod 600 ${file}).` };
  const parsed = parseKey(content);
  if (parsed) return { key: { file, publicKey: parsed, encrypted: false, content } };
  const besides = parseKey(await readFile(`${file}.pub`, 'utf8').catch(() => ''));
  const publicKey = besides ?? parseKey(publicPart(content) ?? '');
  if (!publicKey) return { note: `${file} is not a key that can be used here.` };
  return { key: { file, publicKey, encrypted: true, content } };
}

/** The private key, decrypted if need be. Undefined if the passphrase is wrong. */
export function unlock({ content }: KeyFile, passphrase: string | undefined): ssh2.ParsedKey | undefined {
  const key = parseKey(content, passphrase);
  return key?.isPrivateKey() ? key : undefined;
}

/** Signs with `hash` (ssh2 says which for RSA) as an ssh agent would. */
export function signWith(key: ssh2.ParsedKey, data: Buffer, hash: string | undefined): Buffer {
  const signature: unknown = key.sign(data, hash);
  if (Buffer.isBuffer(signature)) return signature;
  throw new ConnectError('A signature could not be made with the key.', { cause: signature });
}

/**
 * The public key that an encrypted key file in OpenSSH's format carries in the clear (PROTOCOL.key).
 * Old PEM files have none.
 */
function publicPart(content: string): Buffer | undefined {
  const match = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(content);
  if (!match?.[1]) return undefined;
  const blob = Buffer.from(match[1], 'base64');
  const magic = 'openssh-key-v1\0';
  if (blob.toString('latin1', 0, magic.length) !== magic) return undefined;
  let at = magic.length;
  const field = (): Buffer => {
    const length = blob.readUInt32BE(at);
    at += 4 + length;
    return blob.subarray(at - length, at);
  };
  try {
    field(); // cipher
    field(); // key derivation
    field(); // its options
    at += 4; // number of keys, always 1
    return field();
  } catch {
    return undefined;
  }
}

function parseKey(data: Buffer | string, passphrase?: string): ssh2.ParsedKey | undefined {
  const parsed = ssh2.utils.parseKey(data, passphrase);
  const key: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  return key instanceof Error || !isKey(key) ? undefined : key;
}

function isKey(value: unknown): value is ssh2.ParsedKey {
  return typeof value === 'object' && value !== null && 'getPublicSSH' in value;
}
