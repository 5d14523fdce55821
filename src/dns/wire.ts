/** What every message of the domain name system is made of (RFC 1035 §3 and §4). */

/** A message that does not follow the format. */
export class DnsFormatError extends Error {
  override readonly name = 'DnsFormatError';
}

/** Bytes of a message's header (RFC 1035 §4.1.1). */
export const HEADER = 12;

/**
 * A name as labels with their lengths, uncompressed (RFC 1035 §3.1). A final dot may be there or not; the root is empty.
 * @throws {DnsFormatError} for a name that no message can carry
 */
export function encodeName(name: string): Buffer {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  const labels = bare === '' ? [] : bare.split('.').map((label) => Buffer.from(label, 'latin1'));
  if (labels.some(({ length }) => length < 1 || length > 63))
    throw new DnsFormatError('a label has 1 to 63 bytes');
  const parts = labels.map((label) => Buffer.concat([Buffer.from([label.length]), label]));
  const encoded = Buffer.concat([...parts, Buffer.from([0])]);
  if (encoded.length > 255) throw new DnsFormatError('a name has at most 255 bytes');
  return encoded;
}

/**
 * Reads a name, in lower case and without a final dot; `end` is where the next field begins. A pointer (RFC 1035 §4.1.4)
 * leads back to where an earlier name began, so that no message leads in a circle.
 * @throws {DnsFormatError}
 */
export function readName(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  let earliest = start;
  let end: number | undefined;
  for (let length = 0; ; ) {
    const size = uint8(message, at);
    if (size === 0) return { name: labels.join('.').toLowerCase(), end: end ?? at + 1 };
    if ((size & 0xc0) === 0xc0) {
      end ??= at + 2;
      at = uint16(message, at) & 0x3fff;
      if (at >= earliest) throw new DnsFormatError('a name leads in a circle');
      earliest = at;
    } else if ((size & 0xc0) === 0) {
      length += size + 1;
      if (length > 254 || at + 1 + size > message.length) throw new DnsFormatError('a name is too long');
      labels.push(message.toString('latin1', at + 1, at + 1 + size));
      at += 1 + size;
    } else throw new DnsFormatError('a label is of an unknown kind');
  }
}

/** @throws {DnsFormatError} beyond the end */
export function uint8(message: Buffer, at: number): number {
  const byte = message[at];
  if (byte === undefined) throw new DnsFormatError('it ends too early');
  return byte;
}

/** @throws {DnsFormatError} beyond the end */
export function uint16(message: Buffer, at: number): number {
  return (uint8(message, at) << 8) | uint8(message, at + 1);
}

/** A number of that many bytes, in network order. */
export function bytesOf(value: number, bytes: 2 | 4 | 6): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}
