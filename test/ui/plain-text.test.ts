import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainLine, plainText } from '../../src/ui/plain-text.ts';

const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\u001b',
        '\u001b[',
        '\u001b]',
        '\u009b',
        '\u0007',
        '\u001b\\',
        '\r',
        '\u202e',
        '\b',
        '31m',
        '0;t',
      ),
      fc.string({ unit: 'binary' }),
    ),
  )
  .map((parts) => parts.join(''));

describe('plainText', () => {
  it('leaves no control character but newline and tab, whatever comes', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        expect(plainText(text)).not.toMatch(
          /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/,
        );
      }),
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(fc.property(nasty, (text) => plainText(plainText(text)) === plainText(text)));
  });

  it('leaves ordinary text of any language as it is', () => {
    const text = 'Grüße, 世界 🙂\n\tindented';
    expect(plainText(text)).toBe(text);
  });

  it.each([
    ['colour', '\u001b[1;31mred\u001b[0m', 'red'],
    ['window title', 'a\u001b]0;owned\u0007b', 'ab'],
    ['hyperlink', '\u001b]8;;http://evil\u001b\\here\u001b]8;;\u001b\\', 'here'],
    ['carriage return', 'shown\rhidden', 'shownhidden'],
    ['reset', 'x\u001bcy', 'xy'],
    ['one-byte CSI', 'x\u009b2Jy', 'xy'],
  ])('takes a sequence out whole: %s', (_, given, expected) => {
    expect(plainText(given)).toBe(expected);
  });
});

describe('plainLine', () => {
  it('is always one line', () => {
    fc.assert(fc.property(nasty, (text) => !/[\n\t]/.test(plainLine(text))));
  });
});
