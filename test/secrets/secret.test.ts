import { format, inspect, isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote, quoteAll, sh } from '../../src/quote.ts';
import { makeValue, SECRET_KINDS } from '../../src/secrets/make.ts';
import { Secret } from '../../src/secrets/secret.ts';

const VALUE = 'Xq7-very-much-hidden';
const secret = new Secret(VALUE, undefined, { earlier: [new Secret(`${VALUE}-before`)] });

describe('a secret', () => {
  it('shows as ‹secret› however it is printed', () => {
    const printed = [
      String(secret),
      `${secret}`,
      `a${secret as unknown as string}`,
      [secret].join(),
      JSON.stringify({ deep: [secret] }),
      inspect(secret),
      inspect({ deep: { deeper: secret } }, { showHidden: true, depth: 9, getters: true }),
      format('%s %o %O %j %d', secret, secret, secret, secret, secret),
      JSON.stringify({ ...secret }),
      Object.entries(secret).flat().join(),
    ];
    for (const text of printed) expect(text).not.toContain('hidden');
    expect(printed[0]).toBe('‹secret›');
    expect(secret.reveal()).toBe(VALUE);
  });

  it('is the same only as itself', () => {
    expect(isDeepStrictEqual(secret, new Secret(VALUE))).toBe(false);
    expect(isDeepStrictEqual(new Secret(VALUE, secret.mark), new Secret(VALUE, secret.mark))).toBe(true);
  });

  it('has salts that stay, differ by purpose, and tell nothing', () => {
    expect(secret.salt('a', 16)).toEqual(new Secret('another value', secret.mark).salt('a', 16));
    expect(secret.salt('a', 16)).not.toEqual(secret.salt('b', 16));
    expect(secret.salt('a', 16)).toHaveLength(16);
  });

  it('is refused by everything that builds shell', () => {
    const text = secret as unknown as string;
    for (const build of [
      () => quote(text),
      () => quoteAll([text]),
      () => sh`echo ${text}`,
      () => sh`echo ${[text]}`,
    ])
      expect(build).toThrow(/secret must not be part of a shell command/);
  });
});

describe('a value that is made', () => {
  it.each(SECRET_KINDS)('is as long as asked, of plain characters, and never the same: %s', (kind) => {
    fc.assert(
      fc.property(fc.integer({ min: 12, max: 200 }), (length) => {
        const value = makeValue({ kind, length });
        expect(value).toHaveLength(length);
        expect(value).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(makeValue({ kind, length })).not.toBe(value);
      }),
    );
    expect(makeValue({ kind }).length).toBeGreaterThanOrEqual(20);
  });

  it.each([0, 11, 4097, 12.5, Number.NaN])('never has %d characters', (length) => {
    expect(() => makeValue({ length })).toThrow(RangeError);
  });
});
