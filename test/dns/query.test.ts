import { type Answer, decode, encode, type Packet } from 'dns-packet';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { DnsFailure } from '../../src/dns/failure.ts';
import { findZone, query } from '../../src/dns/query.ts';
import { waitUntilServed } from '../../src/dns/served.ts';
import { nameServer } from './server.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function opened(answer: Parameters<typeof nameServer>[0]) {
  const at = await nameServer(answer);
  closing.push(at.close);
  return { server: at.server, port: at.port };
}

/** A server that speaks for a zone with these records. */
function zoneOf(zone: string, records: () => readonly Answer[]) {
  return (request: Buffer): Buffer => {
    const { id, questions = [] } = decode(request);
    const [asked] = questions;
    const inside = asked?.name === zone || asked?.name.endsWith(`.${zone}`);
    const soa: Answer = {
      type: 'SOA',
      name: zone,
      data: { mname: `ns.${zone}`, rname: `hostmaster.${zone}` },
    };
    const all = [soa, ...records()].filter(({ name }) => name === asked?.name);
    const answers = all.filter(({ type }) => type === asked?.type);
    const packet: Packet = {
      type: 'response',
      ...(id === undefined ? {} : { id }),
      flags: inside ? 0x0400 | (all.length > 0 ? 0 : 3) : 5,
      questions,
      answers: inside ? answers : [],
      authorities: inside && answers.length === 0 ? [soa] : [],
    };
    return encode(packet);
  };
}

describe('a question', () => {
  it('is answered with texts put together', async () => {
    const data = ['a'.repeat(255), 'bc'];
    const at = await opened(zoneOf('example.org', () => [{ type: 'TXT', name: 'x.example.org', data }]));
    expect(await query(at, 'X.example.org.', 'TXT')).toEqual({
      values: [data.join('')],
      authoritative: true,
      exists: true,
    });
    expect(await query(at, 'y.example.org', 'TXT')).toMatchObject({
      values: [],
      exists: false,
      zone: 'example.org',
    });
  });

  it('finds the zone of a name', async () => {
    const at = await opened(zoneOf('example.org', () => []));
    expect(await findZone(at, '_acme-challenge.www.example.org')).toBe('example.org');
    await expect(findZone(at, 'www.example.net')).rejects.toMatchObject({ why: 'not-authoritative' });
  });

  it('is believed only by its own id and question', async () => {
    const good = zoneOf('example.org', () => [{ type: 'A', name: 'example.org', data: '192.0.2.1' }]);
    const otherId = await opened((request) => {
      const answer = good(request);
      answer.writeUInt16BE(answer.readUInt16BE(0) ^ 1, 0);
      return answer;
    });
    const otherName = await opened((request) => {
      const packet = decode(request);
      return encode({ ...packet, type: 'response', questions: [{ name: 'example.net', type: 'A' }] });
    });
    for (const at of [otherId, otherName])
      await expect(query(at, 'example.org', 'A')).rejects.toMatchObject({ why: 'unbelievable' });
    await expect(query(otherId, 'x'.repeat(64), 'A')).rejects.toMatchObject({ why: 'invalid' });
  });

  it('ends with any bytes in answer', async () => {
    let reply: (request: Buffer) => Buffer = (request) => request;
    const at = await opened((request) => reply(request));
    const good = zoneOf('example.org', () => [{ type: 'TXT', name: 'example.org', data: 'value' }]);
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.nat(),
        fc.boolean(),
        async (bytes, place, whole) => {
          reply = (request) => {
            const answer = good(request);
            const from = 12 + (place % (answer.length - 12));
            return whole ? Buffer.from(bytes) : Buffer.concat([answer.subarray(0, from), bytes]);
          };
          const outcome = await query(at, 'example.org', 'TXT', 500).catch((error: unknown) => error);
          if (outcome instanceof Error) expect(outcome).toBeInstanceOf(DnsFailure);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('waiting for a text', () => {
  it('ends when every server shows it, and tells who is silent or lacks it', async () => {
    let shown = false;
    const text = (): readonly Answer[] =>
      shown ? [{ type: 'TXT', name: 't.example.org', data: 'value' }] : [];
    const late = await opened(zoneOf('example.org', text));
    const never = await opened(zoneOf('example.org', () => []));
    const silent = await opened(() => undefined);
    setTimeout(() => {
      shown = true;
    }, 100);
    expect(await waitUntilServed([late, silent], 't.example.org', 'value', 4)).toEqual({
      everywhere: true,
      lacking: [],
      silent: ['127.0.0.1'],
    });
    expect(await waitUntilServed([late, never], 't.example.org', 'value', 0)).toMatchObject({
      everywhere: false,
      lacking: ['127.0.0.1'],
    });
  });
});
