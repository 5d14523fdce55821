import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identifier, literal, literals } from '../../src/resources/postgres/sql.ts';

const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0'));

/** Reads the first token as PostgreSQL's lexer does, whichever way `standard_conforming_strings` is set. */
function lex(sql: string): { readonly value: string; readonly rest: string } {
  const source = sql.trimStart();
  const escapes = source.startsWith('E');
  const quoteAt = escapes ? 1 : 0;
  const quote = source[quoteAt] ?? '';
  let value = '';
  for (let at = quoteAt + 1; at < source.length; at += 1) {
    const letter = source[at] ?? '';
    const next = source[at + 1];
    if (letter === quote && next === quote) at += 1;
    else if (letter === quote) return { value, rest: source.slice(at + 1) };
    else if (escapes && letter === '\\') at += 1;
    value += source[at] ?? '';
  }
  throw new Error(`never ends: ${sql}`);
}

describe('values in SQL', () => {
  it('are read back as what they were, and nothing comes behind them', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(lex(literal(value))).toEqual({ value, rest: '' });
      }),
    );
  });

  it('have no backslash outside of a string in which it is an escape', () => {
    fc.assert(
      fc.property(text, (value) => {
        const sql = literal(value);
        if (sql.includes('\\')) expect(sql).toMatch(/^ E'/);
      }),
    );
  });

  it('stay apart in a list', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const first = lex(literals([one, other]));
        expect(first.value).toBe(one);
        expect(first.rest.startsWith(',')).toBe(true);
        expect(lex(first.rest.slice(1))).toEqual({ value: other, rest: '' });
      }),
    );
  });

  it('are names when they are quoted as such', () => {
    fc.assert(
      fc.property(
        text.filter((value) => value !== '' && Buffer.byteLength(value) <= 63),
        (value) => {
          expect(lex(identifier(value))).toEqual({ value, rest: '' });
        },
      ),
    );
  });

  it('are refused where the server would read something else', () => {
    expect(() => literal('a\0b')).toThrow(RangeError);
    expect(() => identifier('a\0b')).toThrow(RangeError);
    expect(() => identifier('')).toThrow(RangeError);
    expect(() => identifier('ä'.repeat(32))).toThrow(/63 bytes/);
  });
});
