import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { natPmp } from '../../src/router/nat-pmp.ts';
import { pcp } from '../../src/router/pcp.ts';
import { natPmpAnswer, pcpAnswer } from './support/messages.ts';
import { ELSEWHERE, GATEWAY, SECRET, type UdpServer, udpServer } from './support/udp.ts';

const MAPPING = { protocol: 'tcp', port: 8080, externalPort: 80 } as const;
const CASES = 1000;
const patience = { first: 5000, total: 10_000 };

/** Changes one byte, to any other value. */
const flip = (from: number, to: number) =>
  fc
    .tuple(fc.integer({ min: from, max: to }), fc.integer({ min: 1, max: 255 }))
    .map(([at, by]) => (good: Buffer): Buffer => {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ by;
      return bad;
    });
const noise = fc.uint8Array({ maxLength: 1400 }).map((bytes) => () => Buffer.from(bytes));
const cut = fc.double({ min: 0, max: 0.99, noNaN: true }).map(
  (part) =>
    (good: Buffer): Buffer =>
      good.subarray(0, Math.floor(good.length * part)),
);
const longer = (least: number) =>
  fc.uint8Array({ minLength: least, maxLength: least + 200 }).map(
    (bytes) =>
      (good: Buffer): Buffer =>
        Buffer.concat([good, bytes]),
  );

/** No answers to a MAP request: version, opcode, nonce, protocol or internal port is another; too short, too long, or noise. */
const PCP_BAD = fc.oneof(noise, cut, longer(1100), flip(0, 1), flip(24, 36), flip(40, 41));
const NAT_PMP_BAD = fc.oneof(noise, longer(1), flip(0, 1), flip(8, 9), cut);

describe('malformed answers by UDP', () => {
  let server: UdpServer;
  let other: UdpServer | undefined;
  afterEach(() => {
    server.close();
    other?.close();
    other = undefined;
  });

  it.each([1, 2])(`of PCP: ${CASES} are not believed (%i)`, async (seed) => {
    const bad = fc.sample(PCP_BAD, { numRuns: CASES, seed });
    let at = 0;
    server = await udpServer((message) => {
      const good = pcpAnswer(message, message[1] === 1 ? { lifetime: 77 } : {});
      // A lie about another lifetime in what is malformed; believed, it would be told.
      const lie = pcpAnswer(message, { lifetime: 55, externalPort: 80 });
      const parts = message[1] === 1 ? bad.slice(at, at + 10).map((spoil) => spoil(lie)) : [];
      at += parts.length;
      return [...parts, good];
    });
    const router = await pcp(GATEWAY, { port: server.port, patience, lease: 120, secret: SECRET });
    while (at < CASES) expect(await router?.map(MAPPING, 120)).toEqual({ is: 'mapped', lifetime: 77 });
  });

  it.each([1, 2])(`of NAT-PMP: ${CASES} are not believed (%i)`, async (seed) => {
    const bad = fc.sample(NAT_PMP_BAD, { numRuns: CASES, seed });
    let at = 0;
    server = await udpServer((message) => {
      const good = natPmpAnswer(message, message[1] === 2 ? { lifetime: 77 } : {});
      const lie = natPmpAnswer(message, { lifetime: 55 });
      const parts = message[1] === 2 ? bad.slice(at, at + 10).map((spoil) => spoil(lie)) : [];
      at += parts.length;
      return [...parts, good];
    });
    const router = await natPmp(GATEWAY, { port: server.port, patience, lease: 120 });
    while (at < CASES) expect(await router?.map(MAPPING, 120)).toEqual({ is: 'mapped', lifetime: 77 });
  });

  it('ends in time where nothing but malformed answers comes, without end', async () => {
    server = await udpServer(() => Array.from({ length: 200 }, () => Buffer.alloc(60, 2)));
    const short = { first: 20, total: 150 };
    const began = Date.now();
    const found = await Promise.all([
      pcp(GATEWAY, { port: server.port, patience: short, lease: 120, secret: SECRET }),
      natPmp(GATEWAY, { port: server.port, patience: short, lease: 120 }),
    ]);
    expect(found).toEqual([undefined, undefined]);
    expect(Date.now() - began).toBeLessThan(1000);
  });

  it('does not hear another address or another port than it asked', async () => {
    const answer = (message: Buffer): Buffer =>
      message[0] === 2 ? pcpAnswer(message) : natPmpAnswer(message);
    other = await udpServer(() => [], { address: ELSEWHERE });
    const elsewhere = other;
    const sibling = await udpServer(() => []);
    server = await udpServer((message, from) => {
      elsewhere.send(answer(message), from);
      sibling.send(answer(message), from);
      return [];
    });
    const short = { first: 20, total: 150 };
    const found = await Promise.all([
      pcp(GATEWAY, { port: server.port, patience: short, lease: 120, secret: SECRET }),
      natPmp(GATEWAY, { port: server.port, patience: short, lease: 120 }),
    ]);
    sibling.close();
    expect(found).toEqual([undefined, undefined]);
    expect(server.asked.length).toBeGreaterThan(2);
  });
});
