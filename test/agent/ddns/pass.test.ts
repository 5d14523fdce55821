import { describe, expect, it } from 'vitest';
import { isOutside, readAddresses } from '../../../src/agent/ddns/addresses.ts';
import { type Addresses, isDue, keyOf, targetOf, wait } from '../../../src/agent/ddns/pass.ts';
import type { DdnsDeclaration, DdnsState } from '../../../src/agent/declared.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const rfc2136 = { type: 'rfc2136', server: '192.0.2.53', port: 53, ttl: 60 } as const;
const duckdns = { type: 'duckdns', token: 't', url: 'https://www.duckdns.org/update' } as const;
const declaration = (
  way: DdnsDeclaration['way'] = rfc2136,
  families: DdnsDeclaration['families'] = [4, 6],
): DdnsDeclaration => ({ format: 1, role: 'ddns', names: ['home.example.org'], families, way });

describe('the addresses of the host', () => {
  const info = (local: string, more: object = {}) => ({ addr_info: [{ local, ...more }] });

  it('are global and stable ones, the longest living first', () => {
    const six = [
      info('2001:db8::1', { preferred_life_time: 100 }),
      info('2001:db8::2', { preferred_life_time: 200 }),
      info('2001:db8::3', { temporary: true, preferred_life_time: 900 }),
      info('2001:db8::4', { deprecated: true }),
      info('2001:db8::5', { tentative: true }),
      info('fd00::1'),
      info('fe80::1'),
    ];
    expect(readAddresses([info('192.168.1.2'), info('203.0.113.9')], six)).toEqual({
      ipv4: '203.0.113.9',
      ipv6: ['2001:db8::2', '2001:db8::1'],
    });
  });

  it('are none where nothing sensible is said', () => {
    for (const nonsense of [undefined, null, 1, 'x', {}, [1, null, {}], [{ addr_info: 'x' }], [info('x')]])
      expect(readAddresses(nonsense, nonsense)).toEqual({ ipv6: [] });
  });

  it('are of the internet, or not', () => {
    expect(['203.0.113.9', '8.8.8.8', '192.1.2.3'].every(isOutside)).toBe(true);
    const inside = [
      '10.1.1.1',
      '100.64.0.1',
      '172.31.0.1',
      '192.168.0.1',
      '169.254.1.1',
      '127.0.0.1',
      '0.0.0.0',
    ];
    expect([...inside, '224.0.0.1', '192.0.0.2', '2001:db8::1', 'x', ''].some(isOutside)).toBe(false);
  });
});

describe('what belongs into the DNS', () => {
  const host: Addresses = { ipv6: ['2001:db8::1', '2001:db8::2'] };

  it('is the host’s own address, else that of its router', () => {
    const own = { ...host, ipv4: '203.0.113.9', router: '203.0.113.1' };
    expect(targetOf(declaration(), own, [])).toEqual({
      ipv4: '203.0.113.9',
      ipv6: '2001:db8::1',
      missing: [],
    });
    expect(targetOf(declaration(), { ...host, router: '203.0.113.1' }, [])).toMatchObject({
      ipv4: '203.0.113.1',
    });
  });

  it('stays the IPv6 address that is there, as long as the host has it', () => {
    expect(targetOf(declaration(), host, ['2001:db8::2'])).toMatchObject({ ipv6: '2001:db8::2' });
    expect(targetOf(declaration(), host, ['2001:db8::9'])).toMatchObject({ ipv6: '2001:db8::1' });
  });

  it('is what DuckDNS sees where nobody knows, and else said to be missing', () => {
    for (const router of [{}, { router: '100.64.1.1' }])
      expect(targetOf(declaration(duckdns), { ...host, ...router }, [])).toMatchObject({
        ipv4: '',
        missing: [],
      });
    expect(targetOf(declaration(), host, []).missing.join()).toMatch(/No router tells/);
    expect(targetOf(declaration(), { ...host, router: '100.64.1.1' }, []).missing.join()).toMatch(/CGNAT/);
    expect(targetOf(declaration(rfc2136, [6]), { ipv6: [] }, []).missing.join()).toMatch(/Switch IPv6 on/);
    expect(targetOf(declaration(rfc2136, [6]), host, []).missing).toEqual([]);
  });
});

describe('a change', () => {
  const state = (more: Partial<DdnsState> = {}): DdnsState => ({
    format: 1,
    role: 'ddns',
    declared: 'digest',
    tried: new Date(NOW - 120_000).toISOString(),
    addresses: ['203.0.113.9'],
    failures: 0,
    verdict: { state: 'current' },
    ...more,
  });
  const one = { declaration: declaration(), digest: 'digest' };
  const same = { ipv4: '203.0.113.9', missing: [] };
  const other = { ipv4: '203.0.113.10', missing: [] };
  const at = { now: NOW, attempted: keyOf(same) };

  it('is made when an address or the declaration is another one, and not else', () => {
    expect(isDue(one, same, state(), at)).toBe(false);
    expect(isDue(one, other, state(), at)).toBe(true);
    expect(isDue({ ...one, digest: 'new' }, same, state(), at)).toBe(true);
    expect(isDue(one, same, undefined, at)).toBe(true);
    expect(isDue(one, { ...same, ipv6: '2001:db8::1' }, state(), at)).toBe(true);
    expect(isDue(one, same, state({ addresses: ['203.0.113.9', '2001:db8::1'] }), at)).toBe(true);
    expect(isDue(one, same, state({ tried: 'x' }), at)).toBe(true);
  });

  it('is tried again after a failure: later each time, at once for another address', () => {
    const failed = (failures: number, seconds: number) =>
      state({ failures, tried: new Date(NOW - seconds * 1000).toISOString() });
    expect(isDue(one, same, failed(1, 59), at)).toBe(false);
    expect(isDue(one, same, failed(1, 61), at)).toBe(true);
    expect(isDue(one, same, failed(4, 400), at)).toBe(false);
    expect(isDue(one, other, failed(4, 1), at)).toBe(true);
    expect(isDue(one, same, failed(9, 61), { now: NOW, attempted: undefined })).toBe(true);
    expect([1, 2, 3, 9, 10, 1000].map((failures) => wait(failures) / 60_000)).toEqual([
      1, 2, 4, 256, 360, 360,
    ]);
  });

  it('is made now and then where only DuckDNS sees the address', () => {
    const seen = { ipv4: '', missing: [] };
    expect(isDue(one, seen, state(), at)).toBe(false);
    const old = state({ tried: new Date(NOW - 3_700_000).toISOString() });
    expect(isDue(one, seen, old, at)).toBe(true);
  });
});
