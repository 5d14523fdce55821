import type { CertificateSpec } from '../certificate.ts';
import type { CertificateState, FoundFile } from './observe.ts';

const DAY = 86_400;

/** Days for which a certificate that its own key signs is made (docs/decisions/0017-certificates.md). */
export const LIFETIME = 824;

/** Days before its end from which on it is made anew: a third of its life. */
export const RENEWED_BEFORE = Math.floor(LIFETIME / 3);

/** How the public half of every ECDSA key on P-256 begins (SubjectPublicKeyInfo in base64, RFC 5480). */
export const P256 = 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE';

/** What is not as declared. */
export interface Finding {
  /** Why a new certificate is needed; absent: it is good. */
  readonly reason?: string;
  /** `new` where there is no key that could stay. */
  readonly key: 'stays' | 'new';
  /** What is to be set: `set key.pem 0640 root:root (was 0600 root:root)`. */
  readonly metadata: readonly string[];
}

/** Holds what was found against what is declared; undefined when nothing differs. Pure. */
export function assess(spec: CertificateSpec, state: CertificateState): Finding | undefined {
  const isInUse = spec.source === 'acme' && serves(spec, state);
  const wrongKey = isInUse ? undefined : keyFault(state);
  const reason = isInUse ? undefined : (wrongKey ?? certificateFault(spec, state));
  const metadata = [
    ...metadataFault('fullchain.pem', state.certificate, { mode: '0644', owner: 'root', group: 'root' }),
    ...metadataFault('key.pem', state.key, { mode: keyMode(spec), owner: spec.owner, group: spec.group }),
  ];
  if (reason === undefined && metadata.length === 0) return undefined;
  return {
    key: wrongKey === undefined ? 'stays' : 'new',
    metadata,
    ...(reason === undefined ? {} : { reason }),
  };
}

/**
 * Whether it may be what we have made, on this host file or an earlier one, or is broken: then it is nobody's loss.
 * @param remembered lines that we kept for certificates we made
 */
export function looksOurs(state: CertificateState, remembered: readonly string[]): boolean {
  const { certificate, key } = state;
  const { read } = certificate;
  const works = key.type === 'file' && (key.publicKey ?? read?.publicKey) === read?.publicKey;
  if (!read || !works || key.publicKey === null) return true;
  // What the agent got for us.
  if (remembered.some((line) => line.startsWith('acme '))) return true;
  const isOurKind = read.selfSigned && read.publicKey.startsWith(P256);
  return isOurKind && remembered.includes(`self-signed ${read.names.join(' ')}`);
}

/**
 * Of the key: who owns it reads it, and the group where root owns it. A stand-in has the rights of what replaces it; what
 * is made here for good has always been readable by its group.
 */
export function keyMode({ source, owner, group }: CertificateSpec): '0600' | '0640' {
  return source === 'self-signed' || (owner === 'root' && group !== 'root') ? '0640' : '0600';
}

/**
 * A pair that works, whoever issued it. One of an authority stays even where it is over or lacks a name: the agent gets
 * another, and until then it is better than a stand-in that no client takes.
 */
function serves({ names }: CertificateSpec, { certificate, key, now }: CertificateState): boolean {
  const { read } = certificate;
  if (!read || key.type !== 'file' || key.publicKey === null) return false;
  if (key.publicKey !== undefined && key.publicKey !== read.publicKey) return false;
  return (
    !read.selfSigned ||
    (names.every((name) => read.names.includes(name)) && read.from <= now && read.until > now)
  );
}

/** Why the key cannot stay. */
function keyFault({ certificate: { read }, key }: CertificateState): string | undefined {
  if (key.type === 'absent') return 'the key is missing';
  if (key.type === 'other') return 'the key is no file';
  // Nobody there can tell: openssl is installed by the same plan, and the next one will look again.
  if (key.publicKey === undefined) return undefined;
  if (key.publicKey === null) return 'the key cannot be read';
  if (!key.publicKey.startsWith(P256)) return 'the key is not an ECDSA key on P-256';
  if (read && read.publicKey !== key.publicKey) return 'the key does not belong to the certificate';
  return undefined;
}

function certificateFault({ names }: CertificateSpec, state: CertificateState): string | undefined {
  const { certificate, now } = state;
  const { read } = certificate;
  if (certificate.type === 'absent') return 'the certificate is missing';
  if (!read) return 'the certificate cannot be read';
  if (!read.selfSigned) return `the one there was issued by ${read.issuer}`;
  if (!isSameSet(read.names, names)) return `the one there is for ${read.names.join(', ') || 'no name'}`;
  if (read.from > now) return `the one there is valid only from ${day(read.from)} on`;
  if (read.until - now < RENEWED_BEFORE * DAY) return `the one there is valid until ${day(read.until)}`;
  return undefined;
}

type Metadata = Pick<FoundFile, 'mode' | 'owner' | 'group'>;

function metadataFault(name: string, found: FoundFile, wanted: Metadata): readonly string[] {
  const [is, should] = [found, wanted].map(({ mode, owner, group }) => `${mode} ${owner}:${group}`);
  return found.type !== 'file' || is === should ? [] : [`set ${name} ${should} (was ${is})`];
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name));
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
