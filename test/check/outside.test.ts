import { describe, expect, it } from 'vitest';
import { routerCause } from '../../src/check/agent-view.ts';
import { expectations } from '../../src/check/expectations.ts';
import { placeVantage, withUntried } from '../../src/check/place.ts';
import type { Surroundings } from '../../src/check/surroundings.ts';
import type { Vantage } from '../../src/check/vantage.ts';
import { defaultVantages, readVantageNames } from '../../src/check/vantage-names.ts';
import type { Target } from '../../src/connect/connection.ts';

const ssh: Target = { kind: 'ssh', host: 'attic', backend: 'auto', sudo: 'auto' };
const HOME: Surroundings = {
  addresses: ['192.168.1.20', '2001:db8:1::20', 'fd00::20'],
  lan: ['192.168.1.0/24', '2001:db8:1::/64', 'fd00::/64'],
};

function outside(seesUsAs: string | undefined, name = 'internet'): Vantage {
  return {
    name,
    kind: 'peer',
    ...(seesUsAs === undefined ? {} : { seesUsAs }),
    sources: (targets) =>
      Promise.resolve(
        new Map(targets.map((one) => [one, one.includes(':') ? '2001:db8:ffff::1' : '203.0.113.1'])),
      ),
    open: () => Promise.reject(new Error('not here')),
    exchange: () => Promise.reject(new Error('not here')),
    close: () => Promise.resolve(),
  };
}

const endpoint = (expose: 'lan' | 'internet', port = 443) =>
  ({ role: expose, name: 'https', protocol: 'tcp', port, expose, prove: { probe: 'http' } }) as const;
const tries = async (vantage: Vantage, around: Surroundings, options: object = {}) => {
  const placed = await placeVantage(vantage, around, { lab: false, hereOnLan: true, ...options });
  const endpoints = [endpoint('internet'), endpoint('lan', 445)];
  return {
    tried: expectations(endpoints, [placed.place]).map(
      (one) => `${one.endpoint.role} ${one.target.address} ${one.expect}`,
    ),
    note: withUntried(placed, endpoints).note,
  };
};

describe('the vantage internet', () => {
  it('is a machine that --from or the host file names', () => {
    expect(readVantageNames(['internet=ssh://ann@vps:2222'], ssh)).toMatchObject([
      { kind: 'peer', name: 'internet', target: { host: 'vps', user: 'ann', port: 2222, sudo: 'none' } },
    ]);
    expect(readVantageNames(['internet'], ssh, 'ann@vps')).toMatchObject([
      { kind: 'peer', name: 'internet', target: { host: 'vps', user: 'ann' } },
    ]);
    expect(defaultVantages(ssh, 'ann@vps')).toEqual(['self', 'here', 'internet']);
    expect(() => readVantageNames(['internet'], ssh)).toThrow(/internet=ssh:\/\/user@a-machine-outside/);
    expect(() => readVantageNames(['internet=ssh://-oProxyCommand=x'], ssh)).toThrow('no place to test from');
  });

  it('reaches what is for the internet by the router, and proves of the rest that nobody gets in by any way', async () => {
    expect(await tries(outside('203.0.113.2'), HOME)).toEqual({
      tried: ['internet 203.0.113.2 reachable', 'lan 2001:db8:1::20 blocked', 'lan 203.0.113.2 blocked'],
      note: expect.stringContaining('over IPv6'),
    });
    const lab = await tries(outside('203.0.113.2'), HOME, { lab: true });
    expect(lab.tried.filter((one) => one.endsWith('reachable'))).toEqual(['internet 203.0.113.2 reachable']);
    expect(lab.tried).toContain('lan 192.168.1.20 blocked');
  });

  it('takes the address that the router says where nothing better is known, unless it is nobody’s', async () => {
    const from = async (routerSays: string) =>
      (await tries(outside(undefined), HOME, { hereOnLan: false, routerSays })).tried[0];
    expect(await from('203.0.113.7')).toBe('internet 203.0.113.7 reachable');
    expect(await from('100.64.3.4')).toBe('lan 2001:db8:1::20 blocked');
    const { note } = await tries(outside(undefined), HOME, { hereOnLan: false });
    expect(note).toContain('the public address of the router is not known');
  });

  it('reaches a rented server by all of its own addresses', async () => {
    const server = { addresses: ['198.51.100.9', '2001:db8:5::9'], lan: [] };
    expect((await tries(outside('203.0.113.2'), server, { hereOnLan: false })).tried).toEqual([
      'internet 198.51.100.9 reachable',
      'internet 2001:db8:5::9 reachable',
      'lan 198.51.100.9 blocked',
      'lan 2001:db8:5::9 blocked',
    ]);
  });
});

describe('why nobody outside gets in', () => {
  const verdicts = {
    mapped: { state: 'mapped' },
    taken: { state: 'taken', by: '192.168.1.7', detail: 'error 718\u001b[31m' },
    refused: { state: 'refused', detail: 'error 606' },
    none: { state: 'no-router', detail: 'nothing answers' },
  } as const;
  const cause = (verdict: keyof typeof verdicts, externalAddress = '203.0.113.2') =>
    routerCause({ role: 'blog', port: 443, protocol: 'tcp' }, '203.0.113.2', {
      ports: {
        externalAddress,
        ports: [
          {
            ...{ role: 'blog', name: 'https', protocol: 'tcp', port: 443, externalPort: 443 },
            verdict: verdicts[verdict],
          },
        ],
      },
    });

  it('goes along the path: the mapping, the address outside, the provider', () => {
    expect(cause('none')).toEqual({ cause: 'router-no-answer', detail: 'nothing answers' });
    expect(cause('taken')).toEqual({
      cause: 'router-port-taken',
      detail: '192.168.1.7 has it. error 718 [31m',
    });
    expect(cause('refused')).toEqual({ cause: 'router-refused', detail: 'error 606' });
    expect(cause('mapped', '100.64.1.2')).toMatchObject({ cause: 'shared-address' });
    expect(cause('mapped', '192.168.178.20')).toMatchObject({ cause: 'shared-address' });
    expect(cause('mapped')).toEqual({ cause: 'provider-blocks' });
    expect(routerCause({ role: 'wiki', port: 443, protocol: 'tcp' }, '203.0.113.2', {})).toEqual({
      cause: 'no-port-mapping',
    });
  });
});
