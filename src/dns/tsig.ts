import { createHmac, timingSafeEqual } from 'node:crypto';
import type { TsigKey } from '../agent/declared.ts';
import { DnsFailure } from './failure.ts';
import { bytesOf, DnsFormatError, encodeName, HEADER, readName, uint16 } from './wire.ts';

/** Codes of RFC 8945 §4.2 and RFC 2136 §2.4. */
const TSIG = 250;
const ANY = 255;

/** Seconds that clocks may differ (RFC 8945 §10 recommends these). */
const FUDGE = 300;

const HASHES = { 'hmac-sha256': 'sha256', 'hmac-sha512': 'sha512' } as const;

/** A message with its signature as the last record, and the MAC that the answer's signature begins with. */
export interface Signed {
  readonly message: Buffer;
  readonly mac: Buffer;
}

/** What the signature of an answer says. */
export type Verdict =
  /** It is by who has the key, and is about our request. */
  | { readonly is: 'good'; readonly error: number; readonly clocks?: number }
  /** There is none: a server that does not know the key can't sign. `error`: what it says of the key, if anything. */
  | { readonly is: 'unsigned'; readonly error?: number }
  | { readonly is: 'bad'; readonly reason: string };

/**
 * Signs a message (RFC 8945 §4.3).
 * @param now seconds since 1970
 * @throws {DnsFailure} `invalid` for a secret that is not base64
 */
export function sign(message: Buffer, key: TsigKey, now: number): Signed {
  const time = Math.floor(now);
  const mac = macOf(key, [message, variables(key, time, FUDGE, 0, Buffer.alloc(0))]);
  const data = Buffer.concat([
    encodeName(key.algorithm),
    bytesOf(time, 6),
    bytesOf(FUDGE, 2),
    bytesOf(mac.length, 2),
    mac,
    message.subarray(0, 2),
    bytesOf(0, 2),
    bytesOf(0, 2),
  ]);
  const record = Buffer.concat([
    encodeName(key.name),
    bytesOf(TSIG, 2),
    bytesOf(ANY, 2),
    bytesOf(0, 4),
    bytesOf(data.length, 2),
    data,
  ]);
  const signed = Buffer.concat([message, record]);
  signed.writeUInt16BE(uint16(signed, 10) + 1, 10);
  return { message: signed, mac };
}

/**
 * Checks the signature of an answer (RFC 8945 §5.3): key, MAC, time.
 * @param requestMac of the request that it answers
 * @param now seconds since 1970
 * @throws {DnsFormatError} for what is not a whole message
 */
export function verify(answer: Buffer, key: TsigKey, requestMac: Buffer, now: number): Verdict {
  const found = findSignature(answer);
  if (!found) return { is: 'unsigned' };
  const { at, name, algorithm, time, fudge, mac, id, error, other } = found;
  // Not signed, and said to be so: the error is what the server wants to tell, for what that is worth.
  if (mac.length === 0) return { is: 'unsigned', error };
  if (name !== key.name.toLowerCase() || algorithm !== key.algorithm)
    return { is: 'bad', reason: 'it is signed by another key' };
  const unsigned = Buffer.from(answer.subarray(0, at));
  unsigned.writeUInt16BE(id, 0);
  unsigned.writeUInt16BE(uint16(unsigned, 10) - 1, 10);
  const expected = macOf(key, [
    bytesOf(requestMac.length, 2),
    requestMac,
    unsigned,
    variables(key, time, fudge, error, other),
  ]);
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected))
    return { is: 'bad', reason: 'its signature does not fit (another secret, or it was changed on its way)' };
  // The server's time is in an answer on clocks that differ; the answer itself then has our time (RFC 8945 §5.2.3).
  if (error === 18 && other.length === 6)
    return { is: 'good', error, clocks: other.readUIntBE(0, 6) - Math.floor(now) };
  if (Math.abs(now - time) > Math.min(fudge, FUDGE))
    return { is: 'bad', reason: 'it was signed at another time (an old answer, or clocks that differ)' };
  return { is: 'good', error };
}

interface Signature {
  /** Where its record begins. */
  readonly at: number;
  readonly name: string;
  readonly algorithm: string;
  readonly time: number;
  readonly fudge: number;
  readonly mac: Buffer;
  readonly id: number;
  readonly error: number;
  readonly other: Buffer;
}

/** The last record of the message, if it is a signature; one anywhere else is an error (RFC 8945 §5.1). */
function findSignature(message: Buffer): Signature | undefined {
  if (message.length < HEADER) throw new DnsFormatError('it is shorter than a header');
  let at = HEADER;
  for (let count = uint16(message, 4); count > 0; count -= 1) {
    at = readName(message, at).end + 4;
    if (at > message.length) throw new DnsFormatError('a question goes beyond its end');
  }
  const records = uint16(message, 6) + uint16(message, 8) + uint16(message, 10);
  const additional = uint16(message, 10);
  for (let index = 0; index < records; index += 1) {
    const { name, end: fields } = readName(message, at);
    const type = uint16(message, fields);
    const data = fields + 10;
    const end = data + uint16(message, fields + 8);
    if (end > message.length) throw new DnsFormatError('a record goes beyond its end');
    if (type === TSIG) {
      if (index !== records - 1 || additional === 0)
        throw new DnsFormatError('a signature is not the last record');
      if (uint16(message, fields + 2) !== ANY || message.readUInt32BE(fields + 4) !== 0)
        throw new DnsFormatError('a signature has another class or lifetime');
      return { at, name, ...readSignature(message, data, end) };
    }
    at = end;
  }
  return undefined;
}

function readSignature(message: Buffer, start: number, end: number): Omit<Signature, 'at' | 'name'> {
  const algorithm = readName(message, start);
  const fixed = algorithm.end;
  const macAt = fixed + 10;
  const macSize = uint16(message, fixed + 8);
  const tail = macAt + macSize;
  const otherSize = uint16(message, tail + 4);
  if (tail + 6 + otherSize !== end) throw new DnsFormatError('a signature does not fill its record');
  return {
    algorithm: algorithm.name,
    time: message.readUIntBE(fixed, 6),
    fudge: uint16(message, fixed + 6),
    mac: message.subarray(macAt, tail),
    id: uint16(message, tail),
    error: uint16(message, tail + 2),
    other: message.subarray(tail + 6, end),
  };
}

/** RFC 8945 §4.3.3: names in lower case, uncompressed. */
function variables(key: TsigKey, time: number, fudge: number, error: number, other: Buffer): Buffer {
  return Buffer.concat([
    encodeName(key.name.toLowerCase()),
    bytesOf(ANY, 2),
    bytesOf(0, 4),
    encodeName(key.algorithm),
    bytesOf(time, 6),
    bytesOf(fudge, 2),
    bytesOf(error, 2),
    bytesOf(other.length, 2),
    other,
  ]);
}

function macOf({ name, algorithm, secret }: TsigKey, parts: readonly Buffer[]): Buffer {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(secret))
    throw new DnsFailure(
      'invalid',
      `The secret of the key ‘${name}’ is not base64, as keys of TSIG are written. Give the vault the one that the server has.`,
      'not base64',
    );
  const hmac = createHmac(HASHES[algorithm], Buffer.from(secret, 'base64'));
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}
