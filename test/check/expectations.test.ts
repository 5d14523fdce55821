import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CheckedEndpoint,
  closedPorts,
  type Expectation,
  expectations,
  mayReach,
  type PlacedVantage,
} from '../../src/check/expectations.ts';
import type { Exposure } from '../../src/compose/recipe.ts';

const endpoint = (role: string, expose: Exposure, port = 80): CheckedEndpoint => ({
  role,
  expose,
  port,
  name: 'http',
  protocol: 'tcp',
  prove: { probe: 'http' },
});
const at = (standing: PlacedVantage['standing'], ...addresses: string[]): PlacedVantage => ({
  name: standing,
  standing,
  targets: addresses.map((address) => ({ address, of: 'host' })),
});
const everywhere = [at('self', '192.168.1.20'), at('lan', '192.168.1.20'), at('outside', '203.0.113.2')];
const said = (all: readonly Expectation[]) =>
  all.map((one) => `${one.vantage} ${one.target.address} ${one.expect}`);

describe('expectations', () => {
  it.each<[Exposure, string[]]>([
    ['host', ['self 127.0.0.1 reachable', 'lan 192.168.1.20 blocked', 'outside 203.0.113.2 blocked']],
    ['lan', ['self 192.168.1.20 reachable', 'lan 192.168.1.20 reachable', 'outside 203.0.113.2 blocked']],
    [
      'internet',
      ['self 192.168.1.20 reachable', 'lan 192.168.1.20 reachable', 'outside 203.0.113.2 reachable'],
    ],
  ])('an endpoint for %s', (expose, expected) => {
    expect(said(expectations([endpoint('blog', expose)], everywhere))).toEqual(expected);
  });

  it('proves by content where another role keeps the port open', () => {
    const all = expectations(
      [endpoint('blog', 'internet'), endpoint('wiki', 'lan')],
      [at('outside', '203.0.113.2')],
    );
    expect(all.map(({ expect: wanted, proof }) => [wanted, proof])).toEqual([
      ['reachable', 'connection'],
      ['blocked', 'content'],
    ]);
  });

  it('expects ports that the plan closes to be closed to others, and leaves the host itself out', () => {
    const closed = closedPorts([
      { role: 'firewall', level: 'close', text: '', port: { protocol: 'tcp', port: 111 } },
      { role: 'firewall', level: 'close', text: '', port: { protocol: 'udp', port: 111 } },
      { role: 'firewall', level: 'keep', text: '', port: { protocol: 'tcp', port: 445 } },
      { role: 'firewall', level: 'close', text: 'published by Docker' },
    ]);
    expect(closed.map(({ port, name }) => [port, name])).toEqual([[111, 'closed-111']]);
    expect(said(expectations(closed, everywhere))).toEqual([
      'lan 192.168.1.20 blocked',
      'outside 203.0.113.2 blocked',
    ]);
  });

  it('holds for every combination: each endpoint, each target, once, and never more open than its exposure', () => {
    const exposure = fc.constantFrom<Exposure>('host', 'lan', 'internet');
    const endpoints = fc.array(
      fc.record({
        role: fc.string({ minLength: 1 }),
        expose: exposure,
        port: fc.integer({ min: 1, max: 99 }),
      }),
    );
    const vantages = fc.uniqueArray(
      fc.record({
        name: fc.string(),
        standing: fc.constantFrom<PlacedVantage['standing']>('self', 'lan', 'outside'),
        addresses: fc.uniqueArray(fc.ipV4(), { maxLength: 3 }),
      }),
      { selector: ({ name }) => name },
    );
    fc.assert(
      fc.property(endpoints, vantages, (given, places) => {
        const exposed = given.map(({ role, expose, port }) => endpoint(role, expose, port));
        const placed = places.map(({ name, standing, addresses }) => ({
          ...at(standing, ...addresses),
          name,
        }));
        const all = expectations(exposed, placed);
        for (const vantage of placed) {
          for (const one of exposed) {
            const mine = all.filter((each) => each.vantage === vantage.name && each.endpoint === one);
            const loopback = vantage.standing === 'self' && one.expose === 'host';
            expect(mine).toHaveLength(loopback ? 1 : vantage.targets.length);
            const wanted = mayReach(one, vantage.standing) ? 'reachable' : 'blocked';
            expect(mine.every((each) => each.expect === wanted)).toBe(true);
            expect(mine.every((each) => each.proof === 'connection' || each.expect === 'blocked')).toBe(true);
          }
        }
      }),
    );
  });
});
