import { randomInt } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import type { TsigKey } from '../agent/declared.ts';
import { type DnsServer, exchange } from './exchange.ts';
import { DnsFailure, refusal, unbelievable } from './failure.ts';
import { sign, type Verdict, verify } from './tsig.ts';
import { bytesOf, DnsFormatError, encodeName, HEADER, readName, uint16 } from './wire.ts';

/** Types that can be written, with their codes (RFC 1035 §3.2.2, RFC 3596 §2.1). */
const TYPES = { A: 1, TXT: 16, AAAA: 28 } as const;
const SOA = 6;
const IN = 1;
const NONE = 254;
const ANY = 255;
/** The operation code of an update (RFC 2136 §2.2). */
const UPDATE = 5;

/** The lifetime of records where nothing else is said, in seconds: short, for what changes. */
const DEFAULT_TTL = 60;

interface Target {
  /** In full, with or without a final dot. */
  readonly name: string;
  readonly type: keyof typeof TYPES;
}

/** One change of a zone (RFC 2136 §2.5). */
export type Change =
  | (Target & { readonly do: 'add'; readonly data: string; readonly ttl?: number })
  /** One record, or without `data` all of that name and type. What is not there is no error. */
  | (Target & { readonly do: 'remove'; readonly data?: string })
  /** Afterwards there are these records of that name and type, and no others. */
  | (Target & { readonly do: 'replace'; readonly data: readonly string[]; readonly ttl?: number });

/** Where an update goes, and by whose right. */
export interface UpdateTarget extends DnsServer {
  readonly zone: string;
  /** Absent: unsigned, for a server that goes by addresses. */
  readonly key?: TsigKey;
  /** Milliseconds; default: 10 s. */
  readonly timeoutMs?: number;
}

/**
 * Changes a zone (RFC 2136), all of it or nothing, and believes only an answer that is signed by the same key (RFC 8945).
 * @throws {DnsFailure} in plain words; nothing else
 */
export async function update(target: UpdateTarget, changes: readonly Change[]): Promise<void> {
  const { server, zone, key, timeoutMs = 10_000 } = target;
  const id = randomInt(65_536);
  const { message, mac } = prepared(id, target, changes);
  const answer = await exchange(target, message, timeoutMs);
  const asked = { server, zone, ...(key ? { key: key.name } : {}) };
  let rcode: number;
  let verdict: Verdict | undefined;
  try {
    rcode = readAnswer(answer, id, zone);
    verdict = key && mac ? verify(answer, key, mac, Date.now() / 1000) : undefined;
  } catch (error) {
    if (error instanceof DnsFormatError) throw unbelievable(server, error.message);
    throw error;
  }
  if (verdict?.is === 'bad') throw unbelievable(server, verdict.reason);
  if (verdict?.is === 'good' && verdict.error !== 0) throw refusal(verdict.error, asked, verdict.clocks);
  // What a server can't sign is no more than a hint, but never a success.
  if (verdict?.is === 'unsigned' && verdict.error) throw refusal(verdict.error, asked);
  if (rcode !== 0) throw refusal(rcode, asked);
  if (verdict?.is === 'unsigned') throw unbelievable(server, 'it is not signed');
}

function prepared(
  id: number,
  { zone, key }: UpdateTarget,
  changes: readonly Change[],
): { readonly message: Buffer; readonly mac?: Buffer } {
  try {
    const message = encodeUpdate(id, zone, changes);
    return key ? sign(message, key, Date.now() / 1000) : { message };
  } catch (error) {
    if (error instanceof DnsFormatError)
      throw new DnsFailure(
        'invalid',
        `This change of ${zone} can’t be sent: ${error.message}.`,
        error.message,
      );
    throw error;
  }
}

/**
 * The message for changes (RFC 2136 §2).
 * @param id 16 bits
 * @throws {DnsFormatError} for a name or a value that no record can have
 */
export function encodeUpdate(id: number, zone: string, changes: readonly Change[]): Buffer {
  const records = changes.flatMap(recordsOf);
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(UPDATE << 11, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 8);
  return Buffer.concat([header, encodeName(zone), bytesOf(SOA, 2), bytesOf(IN, 2), ...records]);
}

function recordsOf(change: Change): readonly Buffer[] {
  const { name, type } = change;
  const record = (klass: number, ttl: number, data: Buffer): Buffer =>
    Buffer.concat([
      encodeName(name),
      bytesOf(TYPES[type], 2),
      bytesOf(klass, 2),
      bytesOf(ttl, 4),
      bytesOf(data.length, 2),
      data,
    ]);
  const all = () => record(ANY, 0, Buffer.alloc(0));
  switch (change.do) {
    case 'add':
      return [record(IN, change.ttl ?? DEFAULT_TTL, dataOf(type, change.data))];
    case 'remove':
      return change.data === undefined ? [all()] : [record(NONE, 0, dataOf(type, change.data))];
    case 'replace':
      return [all(), ...change.data.map((data) => record(IN, change.ttl ?? DEFAULT_TTL, dataOf(type, data)))];
  }
}

function dataOf(type: Target['type'], data: string): Buffer {
  switch (type) {
    case 'A':
      if (!isIPv4(data)) throw new DnsFormatError('an A record has an IPv4 address');
      return Buffer.from(data.split('.').map(Number));
    case 'AAAA':
      return sixteenBytes(data);
    case 'TXT':
      return text(data);
  }
}

function sixteenBytes(address: string): Buffer {
  if (!isIPv6(address) || address.includes('%'))
    throw new DnsFormatError('an AAAA record has an IPv6 address');
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const plain = dotted
    ? `${dotted[1]}${bytesOf(Number(dotted[2]) * 256 + Number(dotted[3]), 2).toString('hex')}:${bytesOf(Number(dotted[4]) * 256 + Number(dotted[5]), 2).toString('hex')}`
    : address;
  const [front = [], back = []] = plain.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0');
  return Buffer.concat([...front, ...zeros, ...back].map((group) => bytesOf(Number.parseInt(group, 16), 2)));
}

/** Strings of at most 255 bytes (RFC 1035 §3.3.14). */
function text(data: string): Buffer {
  const bytes = Buffer.from(data);
  if (bytes.length > 4000) throw new DnsFormatError('a text record has at most 4000 bytes here');
  const parts: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += 255) {
    const part = bytes.subarray(at, at + 255);
    parts.push(Buffer.from([part.length]), part);
  }
  return Buffer.concat(parts);
}

/** The response code of an answer to this very update; the zone may be repeated in it (RFC 2136 §3.8). */
function readAnswer(answer: Buffer, id: number, zone: string): number {
  if (answer.length < HEADER) throw new DnsFormatError('it is shorter than a header');
  const flags = uint16(answer, 2);
  if (uint16(answer, 0) !== id) throw new DnsFormatError('it answers another message');
  if ((flags & 0x8000) === 0) throw new DnsFormatError('it is a question, not an answer');
  if (((flags >> 11) & 0x0f) !== UPDATE) throw new DnsFormatError('it answers something else than an update');
  if (uint16(answer, 4) > 0) {
    const { name, end } = readName(answer, HEADER);
    if (name !== zone.toLowerCase().replace(/\.$/, '') || uint16(answer, end) !== SOA)
      throw new DnsFormatError('it is about another zone');
  }
  return flags & 0x0f;
}
