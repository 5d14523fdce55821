import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RawResult } from '../../src/check/attempt.ts';
import { type CauseId, causes, fixFor } from '../../src/check/causes.ts';
import { diagnose, type Tried } from '../../src/check/diagnose.ts';
import type { Expectation, Standing } from '../../src/check/expectations.ts';

interface Given {
  from: Standing;
  address?: string;
  of?: 'host' | 'router';
  cause?: CauseId;
  expect?: 'reachable' | 'blocked';
}

function tried({
  from,
  address = '192.168.1.20',
  of = 'host',
  cause,
  expect: wanted = 'reachable',
}: Given): Tried {
  const endpoint = {
    role: 'blog',
    name: 'http',
    protocol: 'tcp',
    port: 80,
    expose: 'lan',
    prove: { probe: 'http' },
  } as const;
  const expectation: Expectation = {
    vantage: from,
    standing: from,
    endpoint,
    target: { address, of },
    expect: wanted,
    proof: 'connection',
  };
  const result: RawResult = {
    id: `${from}:blog/http@${address}`,
    vantage: from,
    role: 'blog',
    endpoint: 'http',
    address,
    port: 80,
    protocol: 'tcp',
    expect: wanted,
    ok: cause === undefined,
    ms: 1,
    steps: [],
    ...(cause ? { cause } : {}),
  };
  return { expectation, result };
}

const V6 = '2001:db8:1::20';
const last = (...given: Given[]) => diagnose(given.map(tried)).at(-1);

describe('diagnose', () => {
  it.each<[string, Given[], CauseId]>([
    ['the host refuses itself', [{ from: 'self', cause: 'refused' }], 'service-not-listening'],
    ['only others get no answer', [{ from: 'self' }, { from: 'lan', cause: 'timeout' }], 'firewall-drops'],
    ['only others are refused', [{ from: 'self' }, { from: 'lan', cause: 'refused' }], 'refused'],
    ['others get another page', [{ from: 'self' }, { from: 'lan', cause: 'wrong-content' }], 'wrong-content'],
    [
      'nobody gets an answer',
      [
        { from: 'self', cause: 'timeout' },
        { from: 'lan', cause: 'timeout' },
      ],
      'timeout',
    ],
    [
      'the router does not pass it on',
      [{ from: 'self' }, { from: 'outside', address: '203.0.113.2', of: 'router', cause: 'timeout' }],
      'no-port-mapping',
    ],
    [
      'the LAN gets in over IPv6 and the outside does not',
      [
        { from: 'self', address: V6 },
        { from: 'lan', address: V6 },
        { from: 'outside', address: V6, cause: 'timeout' },
      ],
      'router-blocks-ipv6',
    ],
    [
      'a rented server drops it',
      [
        { from: 'self', address: '198.51.100.7' },
        { from: 'outside', address: '198.51.100.7', cause: 'timeout' },
      ],
      'firewall-drops',
    ],
    [
      'someone gets in',
      [{ from: 'self' }, { from: 'outside', cause: 'exposed', expect: 'blocked' }],
      'exposed',
    ],
    [
      'forwarding is forbidden',
      [{ from: 'outside', cause: 'forwarding-prohibited', expect: 'blocked' }],
      'forwarding-prohibited',
    ],
  ])('%s', (_, given, cause) => expect(last(...given)?.cause).toBe(cause));

  it('folds what follows from the host not answering itself, address by address', () => {
    const results = diagnose(
      [
        { from: 'self', cause: 'refused' } as const,
        { from: 'self', address: V6 } as const,
        { from: 'lan', cause: 'refused' } as const,
        { from: 'lan', address: V6, cause: 'timeout' } as const,
        { from: 'outside', address: '203.0.113.2', of: 'router', cause: 'timeout' } as const,
      ].map(tried),
    );
    expect(results.map(({ because }) => because)).toEqual([
      undefined,
      undefined,
      'self:blog/http@192.168.1.20',
      undefined,
      'self:blog/http@192.168.1.20',
    ]);
  });

  it('tells the same gap at several addresses once, and what differs by itself', () => {
    const gap = { cause: 'exposed', expect: 'blocked' } as const;
    const results = diagnose(
      [
        { from: 'lan', ...gap } as const,
        { from: 'lan', address: V6, ...gap } as const,
        { from: 'outside', address: V6, ...gap } as const,
        { from: 'lan', cause: 'wrong-status' } as const,
      ].map(tried),
    );
    const first = 'lan:blog/http@192.168.1.20';
    expect(results.map(({ because }) => because)).toEqual([undefined, first, first, undefined]);
  });

  it('never blames one failure on itself or in a circle, and every failure has a fix', () => {
    const froms: Standing[] = ['self', 'lan', 'outside'];
    const given = froms.flatMap((from) =>
      Object.keys(causes).map(
        (cause): Given => ({ from, cause: cause as CauseId, address: `10.0.0.${cause.length}` }),
      ),
    );
    const results = diagnose(given.map(tried));
    for (const { because, fix } of results) {
      expect(fix).toBeTruthy();
      // What is named as the reason stands by itself.
      const head = results.find(({ id, because: further }) => id === because && further === undefined);
      expect(because === undefined || head !== undefined).toBe(true);
    }
  });

  it('says of a closed port whether the machine that tried is alive', () => {
    const closed = (...given: Given[]) => last(...given)?.steps.at(-1)?.detail;
    expect(closed({ from: 'outside', expect: 'blocked' })).toContain('itself is up');
    expect(closed({ from: 'lan' }, { from: 'lan', expect: 'blocked' })).toContain('does reach port 80');
  });
});

describe('the catalogue of causes', () => {
  const page = readFileSync(new URL('../../docs/causes.md', import.meta.url), 'utf8');

  it('is the same in docs/causes.md as in the code', () => {
    const documented = Array.from(page.matchAll(/^\| `([a-z0-9-]+)` \| (.*) \|$/gm), ([, id, means]) => [
      id,
      means,
    ]);
    expect(documented).toEqual(Object.entries(causes).map(([id, { means }]) => [id, means]));
  });

  it('names nothing that is empty in its fixes', () => {
    const context = {
      role: 'blog',
      port: 80,
      protocol: 'tcp',
      address: '192.0.2.1',
      vantage: 'phone',
      host: '192.168.1.20',
    } as const;
    for (const id of Object.keys(causes)) {
      expect(fixFor(id as CauseId, context)).toMatch(/^[A-Z"p].*[.?]$/);
    }
  });
});
