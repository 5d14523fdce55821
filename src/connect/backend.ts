import { readFile, stat } from 'node:fs/promises';
import type { KnownKey } from './known-hosts.ts';
import type { SshSettings } from './ssh-config.ts';

/** Which of the two ssh back ends is taken, and why. */
export interface BackendChoice {
  readonly backend: 'node-ssh' | 'openssh';
  readonly reason: string;
}

/** What the choice depends on besides the configuration. */
export interface BackendFacts {
  readonly wanted: 'auto' | 'node-ssh' | 'openssh';
  readonly sshFound: boolean;
  /** Identity files that only the system's ssh can use, with what they are. */
  readonly specialKeys: readonly string[];
  readonly knownKeys: readonly KnownKey[];
}

/** What ssh2 can do, in the order in which it is offered. */
export const SSH2_ALGORITHMS = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
  ],
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr'],
  hmac: [
    'hmac-sha2-256-etm@openssh.com',
    'hmac-sha2-512-etm@openssh.com',
    'hmac-sha1-etm@openssh.com',
    'hmac-sha2-256',
    'hmac-sha2-512',
    'hmac-sha1',
  ],
  serverHostKey: [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ],
} as const;

/** ssh_config keywords of the lists above. */
const KEYWORDS = {
  kex: 'kexalgorithms',
  cipher: 'ciphers',
  hmac: 'macs',
  serverHostKey: 'hostkeyalgorithms',
} as const;

export type AlgorithmKind = keyof typeof SSH2_ALGORITHMS;

/** What ssh2 can do and the user's configuration allows; empty when they have nothing in common. */
export function allowedAlgorithms<K extends AlgorithmKind>(
  settings: SshSettings,
  kind: K,
): (typeof SSH2_ALGORITHMS)[K][number][] {
  const allowed = settings.all.get(KEYWORDS[kind])?.[0]?.split(',');
  return SSH2_ALGORITHMS[kind].filter((name) => allowed === undefined || allowed.includes(name));
}

/** node-ssh unless the user's configuration needs what ssh2 cannot do. Pure. */
export function chooseBackend(settings: SshSettings, facts: BackendFacts): BackendChoice {
  if (facts.wanted !== 'auto') return { backend: facts.wanted, reason: 'the host file says so' };
  if (!facts.sshFound) return { backend: 'node-ssh', reason: 'this computer has no ssh program' };
  const reason = needOfOpenssh(settings, facts);
  return reason === undefined
    ? { backend: 'node-ssh', reason: 'nothing in the ssh configuration needs more' }
    : { backend: 'openssh', reason };
}

function needOfOpenssh(settings: SshSettings, { specialKeys, knownKeys }: BackendFacts): string | undefined {
  for (const [keyword, meaning] of SPECIAL_KEYWORDS) {
    const value = settings.all.get(keyword)?.[0];
    if (value !== undefined && !OFF.has(value)) return `your ssh configuration has ${meaning} for this host`;
  }
  if (settings.matchExec) return 'your ssh configuration has Match exec';
  if (specialKeys[0] !== undefined) return specialKeys[0];
  if (knownKeys.some(({ marker }) => marker === 'cert-authority'))
    return 'known_hosts trusts a certificate authority for this host';
  for (const kind of ['kex', 'cipher', 'hmac', 'serverHostKey'] as const)
    if (allowedAlgorithms(settings, kind).length === 0)
      return `your ssh configuration allows only ${KEYWORDS[kind]} that ssh2 does not have`;
  return undefined;
}

/** Values by which `ssh -G` says that a keyword is not used. */
const OFF = new Set(['none', 'no', 'false', 'off', '']);

const SPECIAL_KEYWORDS: readonly (readonly [keyword: string, meaning: string])[] = [
  ['proxyjump', 'ProxyJump'],
  ['proxycommand', 'ProxyCommand'],
  ['certificatefile', 'CertificateFile'],
  ['pkcs11provider', 'PKCS11Provider'],
  ['knownhostscommand', 'KnownHostsCommand'],
  ['revokedhostkeys', 'RevokedHostKeys'],
  ['verifyhostkeydns', 'VerifyHostKeyDNS'],
  ['hostbasedauthentication', 'HostbasedAuthentication'],
  ['bindaddress', 'BindAddress'],
  ['bindinterface', 'BindInterface'],
];

/** Which of the identity files need the system's ssh: security keys, and keys with a certificate beside them. */
export async function findSpecialKeys(files: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    files.map(async (file) => {
      if (!(await exists(file))) return [];
      if (await exists(`${file}-cert.pub`)) return [`${file} has a certificate`];
      const publicKey = await readFile(`${file}.pub`, 'utf8').catch(() => '');
      return publicKey.startsWith('sk-') ? [`${file} is a security key`] : [];
    }),
  );
  return found.flat();
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
