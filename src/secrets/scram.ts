/**
 * Verifiers of SCRAM-SHA-256 (RFC 5802, RFC 7677) in the form that PostgreSQL keeps in pg_authid:
 * `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`. The server gets this, never the password.
 */
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';

/** PostgreSQL's own default (scram_iterations). */
const ITERATIONS = 4096;

/** A verifier with more rounds than this is not tried: the host must not be able to keep us busy. */
const MOST_ITERATIONS = 1_000_000;

/** @param salt 16 random bytes, of their own for each password */
export function scramVerifier(password: string, salt: Buffer, iterations = ITERATIONS): string {
  const salted = pbkdf2Sync(prepare(password), salt, iterations, 32, 'sha256');
  const stored = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64');
  const server = hmac(salted, 'Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${server}`;
}

/** Whether `verifier` is one of this password. Other forms (md5, none) are not known: false. */
export function isScramVerifierOf(verifier: string, password: string): boolean {
  const parts =
    /^SCRAM-SHA-256\$(\d{1,9}):([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]{43}=):([A-Za-z0-9+/]{43}=)$/.exec(
      verifier,
    );
  const [, count = '', salt = ''] = parts ?? [];
  const iterations = Number(count);
  if (iterations < 1 || iterations > MOST_ITERATIONS) return false;
  const wanted = scramVerifier(password, Buffer.from(salt, 'base64'), iterations);
  return wanted.length === verifier.length && timingSafeEqual(Buffer.from(wanted), Buffer.from(verifier));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/**
 * SASLprep (RFC 4013) as far as clients of PostgreSQL do it: other spaces become a space, what is invisible goes, the
 * rest is normalised. Of text that SASLprep forbids they take the bytes as they are, and so do we.
 */
function prepare(password: string): string {
  if (/^[ -~]*$/.test(password) || /[\u0000-\u001f\u007f-\u009f\p{Surrogate}\p{Private_Use}]/u.test(password))
    return password;
  return password
    .replaceAll(/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g, ' ')
    .replaceAll(/\u00ad|\u034f|\u1806|[\u180b-\u180d]|[\u200b-\u200d]|\u2060|[\ufe00-\ufe0f]|\ufeff/g, '')
    .normalize('NFKC');
}
