import { createHash, createHmac, randomBytes } from 'node:crypto';
import { access, appendFile, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConnectError } from '../errors.ts';
import { runTool } from './spawn.ts';

/** One line of a known_hosts file that is about the host in question (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownKey {
  readonly file: string;
  readonly line: number;
  readonly marker?: 'revoked' | 'cert-authority';
  /** Key type such as `ssh-ed25519`. */
  readonly type: string;
  /** The public key in base64. */
  readonly key: string;
}

/** A host key as the host showed it. */
export interface HostKey {
  readonly type: string;
  readonly key: string;
  /** `SHA256:…`, as every ssh tool prints it. */
  readonly fingerprint: string;
}

/** What known_hosts says of a key: it is known, new, another than before, or revoked. */
export type Verdict =
  | { readonly verdict: 'known' | 'unknown' }
  | { readonly verdict: 'changed' | 'revoked'; readonly line: KnownKey };

/** How a host is named in known_hosts: lower case, with the port when it is not 22. */
export function knownHostsName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** Decodes a public key blob (RFC 4253 §6.6: it begins with its type). */
export function readHostKey(blob: Buffer): HostKey {
  const length = blob.readUInt32BE(0);
  return {
    type: blob.toString('latin1', 4, 4 + length),
    key: blob.toString('base64'),
    fingerprint: `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`,
  };
}

/**
 * Every line about the host, by `ssh-keygen -F`, which also understands hashed names and patterns.
 * @throws {ConnectError} without ssh-keygen: a changed key would pass for an unknown one
 */
export async function findKnownKeys(
  name: string,
  files: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<KnownKey[]> {
  const found = await Promise.all(
    files.map(async (file) => {
      if (!(await canRead(file))) return [];
      const { code, stdout } = await runTool('ssh-keygen', ['-F', name, '-f', file], env);
      if (code === null) throw noKeygen(file);
      return parseFound(stdout, file);
    }),
  );
  return found.flat();
}

/** Parses what `ssh-keygen -F` prints: a comment with the line's number, then the line. */
export function parseFound(output: string, file: string): KnownKey[] {
  const keys: KnownKey[] = [];
  let line = 0;
  for (const text of output.split('\n')) {
    const found = /^# Host .* found: line (\d+)/.exec(text);
    if (found) {
      line = Number(found[1]);
      continue;
    }
    const words = text.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') ? MARKERS[words.shift() ?? ''] : undefined;
    const [, type, key] = words;
    if (type && key && !text.startsWith('#')) keys.push({ file, line, ...(marker && { marker }), type, key });
  }
  return keys;
}

const MARKERS: Readonly<Record<string, 'revoked' | 'cert-authority'>> = {
  '@revoked': 'revoked',
  '@cert-authority': 'cert-authority',
};

/**
 * Judges the key that a host showed. Any other key on record makes it a changed one, also one of another
 * type: only types on record are asked of the host, so an honest host shows one of those.
 */
export function judge(shown: HostKey, known: readonly KnownKey[]): Verdict {
  const same = known.filter(({ type, key }) => type === shown.type && key === shown.key);
  const revoked = same.find(({ marker }) => marker === 'revoked');
  if (revoked) return { verdict: 'revoked', line: revoked };
  const plain = known.filter(({ marker }) => marker === undefined);
  if (same.some(({ marker }) => marker === undefined)) return { verdict: 'known' };
  const other = plain.find(({ type }) => type === shown.type) ?? plain[0];
  return other ? { verdict: 'changed', line: other } : { verdict: 'unknown' };
}

/**
 * Appends a host key to a known_hosts file. The file is made 0600 in a 0700 folder if there is none.
 * @param hash store the host's name as an HMAC, as `HashKnownHosts yes` does
 */
export async function remember(file: string, name: string, shown: HostKey, hash: boolean): Promise<void> {
  await prepareFile(file);
  const newline = (await endsInMidLine(file)) ? '\n' : '';
  const host = hash ? hashName(name, randomBytes(20)) : name;
  await appendFile(file, `${newline}${host} ${shown.type} ${shown.key}\n`);
}

/** Makes the file 0600 in a 0700 folder, unless it is there. */
export async function prepareFile(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await appendFile(file, '', { mode: 0o600 });
}

/** `|1|salt|hash`, see ssh-keygen(1) -H. */
export function hashName(name: string, salt: Buffer): string {
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

function noKeygen(file: string): ConnectError {
  return new ConnectError(
    `ssh-keygen is missing here, so that ${file} cannot be searched for the host's key.`,
    {
      hint: 'Install it: apt-get install openssh-client',
    },
  );
}

function canRead(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function endsInMidLine(file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (!handle) return false;
  try {
    const { size } = await handle.stat();
    if (size === 0) return false;
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] !== 10;
  } finally {
    await handle.close();
  }
}
