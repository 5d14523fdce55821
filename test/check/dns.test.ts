import { createSocket } from 'node:dgram';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeResponse, encodeQuery, TYPES } from '../../src/check/dns/message.ts';
import { probe } from '../../src/check/probes/dns.ts';
import { hereVantage } from '../../src/check/vantages/here.ts';
import { peerVantage } from '../../src/check/vantages/peer.ts';
import { connectLocal } from '../../src/connect/local.ts';
import { DnsFormatError } from '../../src/dns/wire.ts';

/** An authoritative answer with a SOA record, whose owner points back to the question (RFC 1035 §4.1.4). */
function answerTo(
  query: Buffer,
  { flags = 0x8400, owner = [0xc0, 12] }: { flags?: number; owner?: number[] } = {},
): Buffer {
  const head = Buffer.from(query);
  head.writeUInt16BE(flags, 2);
  head.writeUInt16BE(1, 6);
  const data = Buffer.concat([Buffer.from([0, 0]), Buffer.alloc(20)]);
  const record = Buffer.from([...owner, 0, TYPES.SOA, 0, 1, 0, 0, 0, 60, 0, data.length]);
  return Buffer.concat([head, record, data]);
}

async function ask(answer: (query: Buffer) => Buffer) {
  const exchange = (query: Buffer) => Promise.resolve(answer(query));
  const open = () => Promise.reject(new Error('not by TCP'));
  return probe.run({ open, exchange, address: '192.0.2.1', port: 53, timeoutMs: 100 }, { zone: 'home.arpa' });
}

describe('the probe of name servers', () => {
  it('takes an authoritative answer for the zone, and nothing less', async () => {
    expect(await ask((query) => answerTo(query))).toMatchObject({ ok: true });
    const wrong = [
      (query: Buffer) => answerTo(query, { flags: 0x8000 }),
      (query: Buffer) => answerTo(query, { flags: 0x8405 }),
      (query: Buffer) => answerTo(query, { owner: [0] }),
    ];
    for (const answer of wrong) expect(await ask(answer)).toMatchObject({ ok: false, cause: 'wrong-zone' });
    const other = (query: Buffer) => answerTo(encodeQuery(query.readUInt16BE(0), 'other.arpa', TYPES.SOA));
    expect(await ask(other)).toMatchObject({ ok: false, cause: 'not-dns' });
    expect(await ask(() => Buffer.from('hello'))).toMatchObject({ ok: false, cause: 'not-dns' });
  });

  it('reads no bytes as anything but an answer or a mistake in the format', () => {
    const whole = answerTo(encodeQuery(7, 'home.arpa', TYPES.SOA));
    const damaged = fc
      .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 })
      .chain((edits) => fc.nat(whole.length).map((length) => ({ edits, length })))
      .map(({ edits, length }) => {
        const bytes = Buffer.from(whole);
        for (const [at, byte] of edits) bytes[at] = byte;
        return bytes.subarray(0, length);
      });
    const anything = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(damaged, anything), (bytes) => {
        try {
          expect(decodeResponse(bytes).answers.length).toBeLessThan(65_536);
        } catch (error) {
          expect(error).toBeInstanceOf(DnsFormatError);
        }
      }),
      { numRuns: 2000 },
    );
    for (let length = 0; length < whole.length; length += 1)
      expect(() => decodeResponse(whole.subarray(0, length))).toThrow(DnsFormatError);
    const circle = Buffer.from(whole);
    circle[12] = 0xc0;
    circle[13] = 12;
    expect(() => decodeResponse(circle)).toThrow('circle');
  });

  it('asks for any name that can be asked for', () => {
    const label = fc.stringMatching(/^[a-z0-9_-]{1,63}$/);
    fc.assert(
      fc.property(fc.array(label, { maxLength: 3 }), (labels) => {
        const name = labels.join('.');
        expect(decodeResponse(answerTo(encodeQuery(1, name, TYPES.SOA))).question.name).toBe(name);
      }),
    );
    expect(() => encodeQuery(1, 'a..b', TYPES.A)).toThrow(DnsFormatError);
    expect(() => encodeQuery(1, Array.from({ length: 50 }, () => 'label').join('.'), TYPES.A)).toThrow(
      DnsFormatError,
    );
  });
});

describe('a datagram', () => {
  const places = {
    'from here': () => Promise.resolve(hereVantage()),
    'from a peer, through its shell': async () => peerVantage('ssh://peer', await connectLocal(process.env)),
  };

  it.each(Object.entries(places))('%s comes back, is refused, or is lost', async (_, open) => {
    const server = createSocket('udp4');
    server.on('message', (message, { port, address }) => {
      if (message[0] !== 0) server.send(message.toReversed(), port, address);
    });
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
    const { port } = server.address();
    const vantage = await open();
    const sent = Buffer.from([1, 0, 10, 255]);
    expect(await vantage.exchange('127.0.0.1', port, sent, 3000)).toEqual(Buffer.from([255, 10, 0, 1]));
    await expect(vantage.exchange('127.0.0.1', port, Buffer.from([0]), 300)).rejects.toMatchObject({
      reason: 'timeout',
    });
    await new Promise<void>((resolve) => server.close(resolve));
    await expect(vantage.exchange('127.0.0.1', port, sent, 3000)).rejects.toMatchObject({
      reason: 'refused',
    });
    await vantage.close();
  });
});
