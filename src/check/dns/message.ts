import { DnsFormatError, encodeName, HEADER, readName, uint16 } from '../../dns/wire.ts';

/** Messages of the domain name system (RFC 1035 §4), as far as a probe needs them. */

/** Codes of record types. */
export const TYPES = { A: 1, NS: 2, SOA: 6, PTR: 12, AAAA: 28 } as const;

/** Response codes by number (RFC 1035 §4.1.1). */
export const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'] as const;

export interface DnsAnswer {
  /** In lower case, without a final dot; the root is empty. */
  readonly name: string;
  readonly type: number;
}

/** An answer as it was sent. */
export interface DnsResponse {
  readonly id: number;
  /** The server speaks for the zone itself. */
  readonly authoritative: boolean;
  /** It was cut short, and is to be asked for by TCP. */
  readonly truncated: boolean;
  /** Looks up names of others for who asked. */
  readonly recursion: boolean;
  readonly rcode: number;
  readonly question: { readonly name: string; readonly type: number };
  readonly answers: readonly DnsAnswer[];
}

const IN = 1;

/**
 * A question without a wish for recursion.
 * @param id 16 bits
 * @throws {DnsFormatError} for a name that no message can carry
 */
export function encodeQuery(id: number, name: string, type: number): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(1, 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(type, 0);
  tail.writeUInt16BE(IN, 2);
  return Buffer.concat([header, encodeName(name), tail]);
}

/**
 * Reads an answer to one question, strictly.
 * @throws {DnsFormatError} for anything that is not a whole one; never anything else, whatever the bytes
 */
export function decodeResponse(message: Buffer): DnsResponse {
  if (message.length < HEADER) throw new DnsFormatError('it is shorter than a header');
  const flags = message.readUInt16BE(2);
  if ((flags & 0x8000) === 0) throw new DnsFormatError('it is a question, not an answer');
  if (message.readUInt16BE(4) !== 1) throw new DnsFormatError('it does not repeat the one question');
  const asked = readName(message, HEADER);
  const type = uint16(message, asked.end);
  if (uint16(message, asked.end + 2) !== IN) throw new DnsFormatError('its class is not the internet');
  const answers: DnsAnswer[] = [];
  let at = asked.end + 4;
  for (let count = message.readUInt16BE(6); count > 0; count -= 1) {
    const owner = readName(message, at);
    const end = owner.end + 10 + uint16(message, owner.end + 8);
    if (end > message.length) throw new DnsFormatError('a record goes beyond its end');
    answers.push({ name: owner.name, type: uint16(message, owner.end) });
    at = end;
  }
  return {
    id: message.readUInt16BE(0),
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursion: (flags & 0x0080) !== 0,
    rcode: flags & 0x000f,
    question: { name: asked.name, type },
    answers,
  };
}
