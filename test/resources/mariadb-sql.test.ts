import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sqlAccount, sqlGrantName, sqlName, sqlText } from '../../src/resources/mariadb/sql.ts';
import { nativeVerifier } from '../../src/resources/mariadb/verifier.ts';

const anything = fc.string({ unit: 'binary' }).filter((text) => !/\0|\p{Surrogate}/u.test(text));

/** Reads one quoted word as MariaDB's scanner does, up to the quote that ends it. */
function read(sql: string): { readonly value: string; readonly rest: string } {
  const quote = sql.charAt(0);
  let value = '';
  let at = 1;
  for (;;) {
    const here = sql.charAt(at);
    if (here === '') throw new Error(`not closed: ${sql}`);
    if (here === quote && sql.charAt(at + 1) !== quote) return { value, rest: sql.slice(at + 1) };
    const skips = here === quote || (quote === "'" && here === '\\');
    value += skips ? sql.charAt(at + 1) : here;
    at += skips ? 2 : 1;
  }
}

describe('quoting for SQL', () => {
  it('writes every text as one literal that is read back as that text', () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(read(sqlText(text))).toEqual({ value: text, rest: '' });
      }),
    );
  });

  it('writes every name as one identifier that is read back as that name', () => {
    const names = anything.filter((text) => /[^ ]$/s.test(text) && !/[\u{10000}-\u{10ffff}]/u.test(text));
    fc.assert(
      fc.property(names, (name) => {
        expect(read(sqlName(name))).toEqual({ value: name, rest: '' });
      }),
    );
  });

  it('never lets a name stand for other databases in a grant', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z_%\\`]{1,20}$/), (name) => {
        const pattern = read(sqlGrantName(name)).value;
        expect(pattern.replaceAll(/\\([\\_%])/g, '$1')).toBe(name);
        expect(pattern.replaceAll(/\\[\\_%]/g, '')).not.toMatch(/[_%]/);
      }),
    );
  });

  it('keeps user and host apart', () => {
    fc.assert(
      fc.property(anything, anything, (user, host) => {
        const first = read(sqlAccount({ user, host }));
        expect(first.value).toBe(user);
        expect(first.rest.charAt(0)).toBe('@');
        expect(read(first.rest.slice(1))).toEqual({ value: host, rest: '' });
      }),
    );
  });

  it.each(['\0', 'a\0b', '\ud800'])('refuses %j', (text) => {
    expect(() => sqlText(text)).toThrow(RangeError);
    expect(() => sqlName(text)).toThrow(RangeError);
  });
  it.each(['', 'blank ', '😀'])('has no name %j', (text) => expect(() => sqlName(text)).toThrow(RangeError));
});

it('makes the verifier that MariaDB makes', () => {
  // SELECT PASSWORD('password')
  expect(nativeVerifier('password')).toBe('*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19');
});
