import { randomBytes, randomInt } from 'node:crypto';

/** `password`: for people to type; `token`: for programs; `hex`: for programs that want hexadecimal digits. */
export const SECRET_KINDS = ['password', 'token', 'hex'] as const;

export type SecretKind = (typeof SECRET_KINDS)[number];

/** What a recipe asks for. */
export interface SecretWish {
  /** Default: `password`. */
  readonly kind?: SecretKind;
  /** Characters of the value; default: 20 for a password, 43 for a token, 64 for hex. At least 12. */
  readonly length?: number;
  /** The account of the machine that it is the password of: it stays the same when another role keeps it from now on. */
  readonly account?: string;
  /** The role whose secret it is, where several have to know the same; default: the one that asks. */
  readonly of?: string;
  /**
   * Somebody else has given it out, and the user brings it: what it is, for people (`the token of DuckDNS`). It is never
   * made up, save where nothing real depends on it (`rehearse`).
   */
  readonly brought?: string;
}

/** Letters and digits that nobody takes for another one: no 0 O o, 1 l I. */
const LEGIBLE = '23456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ';

const LENGTHS = { password: 20, token: 43, hex: 64 } as const;

/**
 * Makes a random value; a password of the default length has 116 bits.
 * @throws {RangeError} for a length that would be too easy to guess, or absurd.
 */
export function makeValue({ kind = 'password', length = LENGTHS[kind] }: SecretWish): string {
  if (!Number.isInteger(length) || length < 12 || length > 4096)
    throw new RangeError(`A secret has from 12 to 4096 characters, not ${length}`);
  switch (kind) {
    case 'password':
      return Array.from({ length }, () => LEGIBLE.charAt(randomInt(LEGIBLE.length))).join('');
    case 'token':
      return randomBytes(length).toString('base64url').slice(0, length);
    case 'hex':
      return randomBytes(length).toString('hex').slice(0, length);
  }
}
