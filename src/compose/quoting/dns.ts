import { oneLineOf, type Quoter, textOf, Unquotable } from './format.ts';

const NAME = /^(?:@|(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\*)$/;
const DATA = /^(?:[A-Za-z0-9_@:][A-Za-z0-9_.:-]*|"(?:[^"\\]|\\["\\]|\\\d{3})*")$/;

/** For named's configuration and for zone files (RFC 1035 §5). */
export const helpers = {
  /** Text in quotes for named.conf: a file, the name of a zone or of a key. */
  named: (value) => {
    const text = oneLineOf(value);
    if (/["\\]/.test(text)) throw new Unquotable('it holds a quote or a backslash');
    return `"${text}"`;
  },

  /** An element of an address match list: an address, a range, the name of a list; `!` before it takes it out. */
  namedAddress: (value) => {
    const text = oneLineOf(value);
    if (!/^!?[A-Za-z0-9:][A-Za-z0-9.:]*(?:\/\d{1,3})?$/.test(text))
      throw new Unquotable('it is neither an address nor a range of addresses');
    return text;
  },

  /** A secret of TSIG, in base64 (RFC 4648 §4), in quotes. */
  namedSecret: (value) => {
    const text = textOf(value);
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0)
      throw new Unquotable('it is not written in base64');
    return `"${text}"`;
  },

  /** A domain name in a zone file. */
  zoneName: (value) => {
    const text = oneLineOf(value);
    if (!NAME.test(text) || text.length > 255) throw new Unquotable('it is not a domain name');
    return text;
  },

  /** What a record says: names, numbers, addresses, and strings in quotes. */
  zoneData: (value) => {
    const text = oneLineOf(value);
    const parts = text.match(/"(?:[^"\\]|\\.)*"|[^ "]+/g) ?? [];
    if (parts.join(' ') !== text || parts.length === 0 || !parts.every((part) => DATA.test(part)))
      throw new Unquotable('it is not what a record can say');
    if (/[^ -~]/.test(text)) throw new Unquotable('it holds more than plain ASCII');
    return text;
  },
} satisfies Record<string, Quoter>;
