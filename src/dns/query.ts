import { randomInt } from 'node:crypto';
import { type Answer, decode, encode } from 'dns-packet';
import { type DnsServer, exchange } from './exchange.ts';
import { DnsFailure, refusal, unbelievable } from './failure.ts';
import { encodeName } from './wire.ts';

/** Milliseconds that a server has for an answer. */
const PATIENCE = 5_000;

/** What can be asked for. */
export type QueryType = 'A' | 'AAAA' | 'TXT' | 'NS' | 'SOA' | 'CNAME';

/** What a server says of a name. */
export interface Found {
  /** Values of that type, as text: addresses, names in lower case without a final dot, texts put together. */
  readonly values: readonly string[];
  /** The zone that the name is in, as far as the server says (SOA, RFC 2308 §2.1). */
  readonly zone?: string;
  /** The server speaks for the zone itself. */
  readonly authoritative: boolean;
  /** The name exists. */
  readonly exists: boolean;
}

/**
 * Asks one server for records of a name, by TCP and without a wish for recursion.
 * @throws {DnsFailure} in plain words; a name that does not exist is no failure
 */
export async function query(
  at: DnsServer,
  name: string,
  type: QueryType,
  timeoutMs = PATIENCE,
): Promise<Found> {
  const bare = withoutDot(name);
  const id = randomInt(65_536);
  const answer = await exchange(at, encoded(id, bare, type), timeoutMs);
  try {
    return read(answer, { id, name: bare, type, server: at.server });
  } catch (error) {
    if (error instanceof DnsFailure) throw error;
    // The decoder has errors of many kinds for what is no message.
    throw unbelievable(at.server, error instanceof Error ? error.message : String(error));
  }
}

/**
 * The zone that a name is in, by that server: SOA queries from the name upwards (as RFC 8555 clients do).
 * @throws {DnsFailure} `not-authoritative` when the server has no zone with that name in it
 */
export async function findZone(at: DnsServer, name: string, timeoutMs = PATIENCE): Promise<string> {
  const labels = withoutDot(name).split('.');
  for (let skip = 0; skip < labels.length; skip += 1) {
    const candidate = labels.slice(skip).join('.');
    const found = await query(at, candidate, 'SOA', timeoutMs).catch(refusedIsUnknown);
    if (found?.authoritative && found.zone !== undefined && isWithin(candidate, found.zone))
      return found.zone;
  }
  throw new DnsFailure(
    'not-authoritative',
    `${at.server} has no zone that ${name} is in. Name its primary server, and the zone with it.`,
    'no SOA record on any level',
  );
}

/** A server that answers for its own zones only refuses all other questions: the zone may be further up. */
function refusedIsUnknown(error: unknown): undefined {
  if (error instanceof DnsFailure && ['refused', 'not-authoritative', 'server-failure'].includes(error.why))
    return;
  throw error;
}

function encoded(id: number, name: string, type: QueryType): Buffer {
  // The encoder writes a label of any length.
  try {
    encodeName(name);
  } catch (error) {
    throw new DnsFailure('invalid', `${name} is no name that can be asked for.`, String(error));
  }
  return encode({ type: 'query', id, flags: 0, questions: [{ name, type, class: 'IN' }] });
}

function read(
  answer: Buffer,
  { id, name, type, server }: { id: number; name: string; type: QueryType; server: string },
): Found {
  const packet = decode(answer);
  const [asked] = packet.questions ?? [];
  if (packet.type !== 'response' || packet.id !== id) throw new Error('it answers another message');
  if (!asked || packet.questions?.length !== 1 || asked.type !== type || !sameName(asked.name, name))
    throw new Error('it answers another question');
  const rcode = answer.readUInt16BE(2) & 0x0f;
  if (rcode !== 0 && rcode !== 3) throw refusal(rcode, { server, zone: name });
  const answers = packet.answers ?? [];
  const soa = [...answers, ...(packet.authorities ?? [])].find((one) => one.type === 'SOA');
  return {
    values: answers.filter((one) => one.type === type && sameName(one.name, name)).flatMap(valuesIn),
    ...(soa ? { zone: withoutDot(soa.name) } : {}),
    authoritative: (answer.readUInt16BE(2) & 0x0400) !== 0,
    exists: rcode === 0,
  };
}

function valuesIn(answer: Answer): readonly string[] {
  switch (answer.type) {
    case 'A':
    case 'AAAA':
      return [answer.data];
    case 'NS':
    case 'CNAME':
      return [withoutDot(answer.data)];
    case 'SOA':
      return [withoutDot(answer.data.mname)];
    case 'TXT': {
      const parts = Array.isArray(answer.data) ? answer.data : [answer.data];
      return [parts.map((part) => part.toString()).join('')];
    }
    default:
      return [];
  }
}

function withoutDot(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function sameName(one: string, other: string): boolean {
  return withoutDot(one) === withoutDot(other);
}

function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}
