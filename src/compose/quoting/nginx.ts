import { oneLineOf, type Quoter, Unquotable } from './format.ts';

/** nginx reads parameters through a buffer of 4096 bytes and calls a longer one unterminated. */
const LONGEST = 2048;

/** For nginx's configuration files. */
export const helpers = {
  /**
   * One parameter in quotes. A dollar sign is refused: nginx would see a variable and has no way to write one as text.
   * What a directive itself sees in its parameters (`~` before a pattern) is not for quotes to prevent.
   */
  nginx: (value) => {
    const text = oneLineOf(value);
    if (text.includes('$')) throw new Unquotable('it holds $, which begins a variable in nginx');
    if (Buffer.byteLength(text) > LONGEST) throw new Unquotable(`it is longer than ${LONGEST} bytes`);
    return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
  },

  /** One parameter without quotes: a name, a number, an address, a path of plain letters. */
  nginxWord: (value) => {
    const text = oneLineOf(value);
    if (!/^[A-Za-z0-9_./:[\]][A-Za-z0-9_./:[\]-]*$/.test(text))
      throw new Unquotable('it holds more than letters, digits and _ . / : [ ] -');
    if (text.length > LONGEST) throw new Unquotable(`it is longer than ${LONGEST} characters`);
    return text;
  },
} satisfies Record<string, Quoter>;
