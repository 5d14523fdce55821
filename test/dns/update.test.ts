import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { DnsFailure } from '../../src/dns/failure.ts';
import { type Change, encodeUpdate, update } from '../../src/dns/update.ts';
import { bareAnswer, nameServer, signedAnswer, unsignedError } from './server.ts';
import { SECRET } from './vectors.ts';

const zone = '_acme-challenge.example.org';
const key = { name: 'acme-key', algorithm: 'hmac-sha256', secret: SECRET } as const;
const changes: readonly Change[] = [{ do: 'replace', name: zone, type: 'TXT', data: ['value'], ttl: 60 }];
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function sent(answer: Parameters<typeof nameServer>[0], timeoutMs = 1_000): Promise<void> {
  const at = await nameServer(answer);
  closing.push(at.close);
  return await update({ server: at.server, port: at.port, zone, key, timeoutMs }, changes);
}

describe('an update', () => {
  it('is written as RFC 2136 says', () => {
    const message = encodeUpdate(0x1234, 'example.org.', [
      { do: 'add', name: 'a.example.org', type: 'A', data: '192.0.2.1', ttl: 300 },
      { do: 'add', name: 'a.example.org', type: 'AAAA', data: '2001:db8::192.0.2.1', ttl: 300 },
      { do: 'remove', name: 'a.example.org', type: 'TXT' },
      { do: 'remove', name: 'a.example.org', type: 'TXT', data: 'x' },
    ]);
    const owner = Buffer.from('\x01a\x07example\x03org\x00', 'latin1').toString('hex');
    expect(message.toString('hex')).toBe(
      [
        '1234 2800 0001 0000 0004 0000',
        owner.slice(4),
        '0006 0001',
        owner,
        '0001 0001 0000012c 0004 c0000201',
        owner,
        '001c 0001 0000012c 0010 20010db80000000000000000c0000201',
        owner,
        '0010 00ff 00000000 0000',
        owner,
        '0010 00fe 00000000 0002 0178',
      ]
        .join('')
        .replaceAll(' ', ''),
    );
  });

  it('is done when the answer is signed', async () => {
    await expect(sent((request) => signedAnswer(request, key))).resolves.toBeUndefined();
  });

  it.each([
    ['signed by another secret', (request: Buffer) => signedAnswer(request, { ...key, secret: 'AAAA' })],
    ['not signed', (request: Buffer) => bareAnswer(request, 0)],
    ['signed long ago', (request: Buffer) => signedAnswer(request, key, { time: Date.now() / 1000 - 400 })],
    ['of another message', (request: Buffer) => signedAnswer(request, key, { message: Buffer.alloc(12) })],
    ['the request itself', (request: Buffer) => Buffer.from(request)],
  ])('is not believed to be done by an answer that is %s', async (_, answer) => {
    await expect(sent(answer)).rejects.toMatchObject({ name: 'DnsFailure', why: 'unbelievable' });
  });

  it.each([
    [16, 'bad-signature', /another secret/],
    [17, 'bad-key', /does not know the key ‘acme-key’/],
    [18, 'bad-time', /timedatectl/],
  ])('is refused for its key with error %i', async (code, why, words) => {
    await expect(sent((request) => unsignedError(request, key, code))).rejects.toMatchObject({
      why,
      message: expect.stringMatching(words) as string,
    });
  });

  it.each([
    [2, 'server-failure', /Its log says why/],
    [5, 'refused', /update-policy/],
    [9, 'not-authoritative', /primary server/],
    [10, 'not-in-zone', /the zone that the name is in/],
    [4, 'other', /Its log says why/],
  ])('is refused with response code %i', async (rcode, why, words) => {
    await expect(sent((request) => signedAnswer(request, key, { rcode }))).rejects.toMatchObject({
      why,
      message: expect.stringMatching(words) as string,
    });
  });

  it('ends when nobody answers, and says where', async () => {
    const unreachable = { why: 'unreachable', message: expect.stringContaining('TCP port') as string };
    await expect(sent(() => 'silence', 200)).rejects.toMatchObject(unreachable);
    await expect(sent(() => undefined)).rejects.toMatchObject(unreachable);
    const gone = await nameServer(() => undefined);
    await gone.close();
    await expect(update({ ...gone, zone, key }, changes)).rejects.toMatchObject(unreachable);
  });

  it('is not sent with what no record can have', async () => {
    const at = { server: '127.0.0.1', port: 1, zone };
    const wrong: readonly Change[] = [
      { do: 'add', name: 'a', type: 'A', data: '2001:db8::1' },
      { do: 'add', name: 'a', type: 'AAAA', data: 'fe80::1%eth0' },
      { do: 'add', name: 'x'.repeat(64), type: 'TXT', data: 'a' },
      { do: 'add', name: 'a', type: 'TXT', data: 'a'.repeat(5000) },
    ];
    for (const change of wrong) await expect(update(at, [change])).rejects.toMatchObject({ why: 'invalid' });
    await expect(update({ ...at, key: { ...key, secret: 'no base64!' } }, [])).rejects.toMatchObject({
      why: 'invalid',
    });
  });

  it('is never believed to be done by malformed answers, and ends with each', async () => {
    let make: (request: Buffer) => Buffer = (request) => request;
    const at = await nameServer((request) => make(request));
    closing.push(at.close);
    const target = { server: at.server, port: at.port, zone, key, timeoutMs: 500 };
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.nat(),
        fc.constantFrom('bytes', 'header', 'spliced'),
        async (bytes, place, way) => {
          make = (request) => {
            if (way === 'bytes') return Buffer.from(bytes);
            const good = signedAnswer(request, key);
            if (way === 'header') return Buffer.concat([good.subarray(0, 12), bytes]);
            const at = place % good.length;
            const spliced = Buffer.concat([good.subarray(0, at), bytes, good.subarray(at + 1)]);
            // Names are the same in capitals.
            return lower(spliced) === lower(good) ? Buffer.from(bytes) : spliced;
          };
          const outcome = await update(target, changes).catch((error: unknown) => error);
          expect(outcome).toBeInstanceOf(DnsFailure);
        },
      ),
      { numRuns: 300 },
    );
  });
});

function lower(bytes: Buffer): string {
  return bytes.toString('latin1').toLowerCase();
}
