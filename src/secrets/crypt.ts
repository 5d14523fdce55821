/**
 * Password verifiers in the form `$7$` of crypt(5): scrypt (RFC 7914), which the C library of Debian and Ubuntu
 * understands and Node computes natively. What the host gets is this, never the password.
 */
import { scryptSync, timingSafeEqual } from 'node:crypto';

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** 2^15 blocks of 1 kB: 32 MiB and some 70 ms a try, a few times that on a small server. */
const COST = { logN: 15, r: 8, p: 1 } as const;

/** Hosts may have verifiers of other programs; one that wants more memory than this is not tried. Bytes. */
const MAXIMUM_MEMORY = 256 * 1024 * 1024;

/** What one try costs whoever guesses, and the service that asks: `2 ** logN * r * p` blocks of 128 bytes. */
export interface Cost {
  /** log₂ of N. */
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

/**
 * The verifier of a password.
 * @param salt random bytes, of its own for each password
 * @param cost for a service that asks with every request, less than the usual
 */
export function verifier(password: string, salt: Buffer, cost: Cost = COST): string {
  const text = encode64(salt);
  const { logN, r, p } = cost;
  const setting = `$7$${ALPHABET.charAt(logN)}${encodeNumber(r)}${encodeNumber(p)}${text}`;
  return `${setting}$${encode64(derive(password, text, cost))}`;
}

/** Whether `hash`, a field of shadow(5), is a `$7$` verifier of this password. Other forms are not known: false. */
export function isVerifierOf(hash: string, password: string): boolean {
  const parts =
    /^\$7\$([./0-9A-Za-z])([./0-9A-Za-z]{5})([./0-9A-Za-z]{5})([./0-9A-Za-z]*)\$([./0-9A-Za-z]{43})$/.exec(
      hash,
    );
  if (!parts) return false;
  const [, n = '', r = '', p = '', salt = '', wanted = ''] = parts;
  const cost: Cost = { logN: ALPHABET.indexOf(n), r: decodeNumber(r), p: decodeNumber(p) };
  const { logN } = cost;
  if (logN < 1 || logN > 24 || cost.r < 1 || cost.p < 1 || cost.p > 16 || memory(cost) > MAXIMUM_MEMORY)
    return false;
  return timingSafeEqual(Buffer.from(encode64(derive(password, salt, cost))), Buffer.from(wanted));
}

function derive(password: string, salt: string, cost: Cost): Buffer {
  const { logN, r, p } = cost;
  // crypt(3) works on C strings.
  return scryptSync(Buffer.from(password), Buffer.from(salt), 32, {
    N: 2 ** logN,
    r,
    p,
    maxmem: memory(cost) + 1024 * 1024,
  });
}

function memory({ logN, r, p }: Cost): number {
  return 128 * r * (2 ** logN + p);
}

/** 30 bits, the lowest six first. */
function encodeNumber(value: number): string {
  return [0, 6, 12, 18, 24].map((shift) => ALPHABET.charAt((value >>> shift) & 63)).join('');
}

function decodeNumber(text: string): number {
  return [...text].reduce((sum, letter, index) => sum + ALPHABET.indexOf(letter) * 64 ** index, 0);
}

/** Three bytes as four letters, the lowest six bits first; a rest of one or two bytes as two or three. */
function encode64(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const group = bytes.subarray(at, at + 3);
    const value = group.reduce((sum, byte, index) => sum | (byte << (8 * index)), 0);
    for (let letter = 0; letter <= group.length; letter += 1)
      text += ALPHABET.charAt((value >>> (6 * letter)) & 63);
  }
  return text;
}
