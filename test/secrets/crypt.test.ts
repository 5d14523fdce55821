import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isVerifierOf, verifier } from '../../src/secrets/crypt.ts';

/** What the C library of this machine makes of a password and a setting; both over stdin. */
function crypt(password: string, setting: string): string {
  return execFileSync('perl', ['-e', 'chomp(my ($p, $s) = <STDIN>); print crypt(pack("H*", $p), $s)'], {
    input: `${Buffer.from(password).toString('hex')}\n${setting}\n`,
    encoding: 'utf8',
  });
}

describe('verifiers', () => {
  it('are what crypt(3) computes', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((text) => !text.includes('\0')),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        (password, salt) => {
          const hash = verifier(password, Buffer.from(salt));
          expect(crypt(password, hash)).toBe(hash);
          expect(isVerifierOf(hash, password)).toBe(true);
          expect(isVerifierOf(hash, `${password}x`)).toBe(false);
        },
      ),
      { numRuns: 10 },
    );
  });

  it('of another cost are known too', () => {
    // From crypt(3) of Debian 12.
    const hash = '$7$CU..../....abc$8mpmwDfPwXvAD4FQLaqP0K4jqc.9uy5ID9yj4xdVLb3';
    expect(isVerifierOf(hash, 'pw')).toBe(true);
    expect(isVerifierOf(hash, 'pv')).toBe(false);
  });

  it.each([
    '',
    '!',
    '*',
    '!$7$CU..../....abc$8mpmwDfPwXvAD4FQLaqP0K4jqc.9uy5ID9yj4xdVLb3',
    '$7$zzzzzzzzzzzabc$8mpmwDfPwXvAD4FQLaqP0K4jqc.9uy5ID9yj4xdVLb3',
    '$7$C.........../abc$8mpmwDfPwXvAD4FQLaqP0K4jqc.9uy5ID9yj4xdVLb3',
    '$6$abc$MtSdWSZbhct2oe.SOqOUM2M/GA/uj5.vyVtJgRHgKi9uqXuWuJqOYE7H/YlsYGVg/YYzDV0xt3fEIwYt580.5.',
    '$y$j9T$x$y',
  ])('are not seen in %j, nor computed at any price', (hash) => {
    expect(isVerifierOf(hash, 'pw')).toBe(false);
  });
});
