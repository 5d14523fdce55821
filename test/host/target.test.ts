import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget, readSshPlace } from '../../src/host/target.ts';

describe('an ssh target', () => {
  it.each([
    ['pi@attic', { user: 'pi', host: 'attic' }],
    ['attic.home.arpa:2222', { host: 'attic.home.arpa', port: 2222 }],
    ['ssh://pi@192.168.1.20:22/', { user: 'pi', host: '192.168.1.20', port: 22 }],
    ['[::1]:22', { host: '::1', port: 22 }],
    ['pi@[fe80::1%eth0]', { user: 'pi', host: 'fe80::1%eth0' }],
    ['me@corp.example@attic', { user: 'me@corp.example', host: 'attic' }],
  ])('reads %s', (text, place) => {
    expect(readSshPlace(text)).toEqual(place);
  });

  it.each([
    ['-oProxyCommand=x', 'it begins with a hyphen'],
    ['pi@-oProxyCommand=x', 'it begins with a hyphen'],
    ['-lroot@attic', '"-lroot" is not a user name'],
    ['ssh://-x', 'it begins with a hyphen'],
    ['pi@attic;reboot', 'is not a host'],
    ['pi@at tic', 'is not a host'],
    ['pi@attic\n', 'is not a host'],
    ['pi@', 'the host is missing'],
    ['@attic', '"" is not a user name'],
    ['pi@attic:', '"" is not a port'],
    ['pi@attic:0', '"0" is not a port'],
    ['pi@attic:65536', '"65536" is not a port'],
    ['pi@attic:022', '"022" is not a port'],
    ['::1', 'is not a host'],
    ['[attic]', 'is not an IPv6 address'],
    ['[::1', 'is not a host'],
    ['pi@010.1.1.1', 'is not an IPv4 address'],
    ['pi@attic/etc', 'is not a host'],
    ['pi@attic?x', 'is not a host'],
  ])('refuses %j', (text, why) => {
    expect(readSshPlace(text)).toMatchObject({ message: expect.stringContaining(why) });
  });

  it('never repeats a password', () => {
    expect(() => parseTarget('ssh://pi:hunter2@attic')).toThrow(/^(?!.*hunter2)--connect: a password/);
  });

  it('can never be taken for an option, nor hold space, quotes or control characters', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(
          fc.constantFrom('-', 'o', '@', ':', '[', ']', '/', 'ssh://', ' ', '%', '.', '1', 'é', '\n', "'"),
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (written) => {
        const place = readSshPlace(written);
        if ('message' in place) return;
        for (const part of [place.host, place.user ?? 'x']) {
          expect(part).toMatch(/^[A-Za-z0-9_:][A-Za-z0-9_.:@%+-]*$/);
          expect(part.length).toBeLessThan(254);
        }
        if (place.port !== undefined)
          expect(place.port).toSatisfy((port: number) => port > 0 && port < 65_536);
      }),
      { numRuns: 3000 },
    );
  });
});
