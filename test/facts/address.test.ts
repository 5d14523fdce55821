import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalAddress,
  familyOf,
  inNetwork,
  isLinkLocal,
  isLoopback,
  isPrivateAddress,
  networkOf,
} from '../../src/facts/address.ts';

describe('addresses', () => {
  it.each([
    ['FE80::1%eth0', 'fe80::1'],
    ['2001:db8:0:0:0:0:0:1', '2001:db8::1'],
    ['::ffff:192.168.1.2', '192.168.1.2'],
    ['192.168.1.2%eth0', '192.168.1.2'],
    ['attic.home.arpa', 'attic.home.arpa'],
  ])('spells %s as %s', (given, expected) => expect(canonicalAddress(given)).toBe(expected));

  it.each([
    ['192.168.1.20', 24, '192.168.1.0/24'],
    ['10.1.2.3', 8, '10.0.0.0/8'],
    ['2001:db8::5:1', 64, '2001:db8::/64'],
    ['fd12:3456:789a:1::20', 48, 'fd12:3456:789a::/48'],
    ['::ffff:1.2.3.4', 24, '1.2.3.0/24'],
    ['64:ff9b::1.2.3.4', 128, '64:ff9b::102:304/128'],
    ['1.2.3.4', 33, undefined],
    ['nonsense', 8, undefined],
  ])('finds the network of %s/%i', (address, length, expected) => {
    expect(networkOf(address, length)).toBe(expected);
  });

  it('every address lies in its own network, at every length', () => {
    const v4 = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }));
    const v6 = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 }));
    fc.assert(
      fc.property(fc.oneof(v4, v6), ([address, length]) => {
        const network = networkOf(address, length);
        // A mapped address counts as IPv4, whose lengths end at 32.
        if (network === undefined) return familyOf(canonicalAddress(address)) === 4 && length > 32;
        return inNetwork(address, network);
      }),
    );
  });

  it('keeps families apart and refuses nonsense', () => {
    expect(inNetwork('10.0.0.1', '::/0')).toBe(false);
    expect(inNetwork('10.0.0.1', '10.0.0.0/99')).toBe(false);
    expect(inNetwork('10.0.0.1', 'lan')).toBe(false);
    expect(inNetwork('host', '0.0.0.0/0')).toBe(false);
  });

  it('knows what is private, link-local and loopback', () => {
    expect(['10.0.0.1', '172.31.0.1', '192.168.9.9', 'fd00::1'].every(isPrivateAddress)).toBe(true);
    expect(['172.32.0.1', '100.64.0.1', '2001:db8::1', '8.8.8.8'].some(isPrivateAddress)).toBe(false);
    expect(isLinkLocal('fe80::1%eth0') && isLinkLocal('169.254.3.4')).toBe(true);
    expect(isLoopback('127.0.0.53') && isLoopback('::1') && isLoopback('::ffff:127.0.0.1')).toBe(true);
  });
});
