import { isIP } from 'node:net';
import { oneLineOf, type Quoter, Unquotable } from './format.ts';

/** For nft(8)'s rule files. */
export const helpers = {
  /** A comment of a rule: nft has no way to write a quote inside one, and at most 128 bytes for it. */
  nftComment: (value) => {
    const text = oneLineOf(value);
    if (/["\\]/.test(text)) throw new Unquotable('it holds a quote or a backslash, which nft cannot write');
    if (Buffer.byteLength(text) > 120) throw new Unquotable('it is longer than 120 bytes');
    return `"${text}"`;
  },

  /** An address without a prefix; IPv6 in brackets, since a port may follow: `192.168.1.30`, `[fd00::1]`. */
  nftAddress: (value) => {
    const text = oneLineOf(value);
    const family = isIP(text);
    if (family === 0 || text.includes('%')) throw new Unquotable('it is not an address');
    return family === 6 ? `[${text}]` : text;
  },

  /** The elements of a set of interfaces: `"eth0", "wlan0"`. A star at the end would match every name that begins so. */
  nftInterfaces: (value) =>
    elements(value, /^[A-Za-z0-9._@:-]{1,15}$/, 'the name of an interface')
      .map((name) => `"${name}"`)
      .join(', '),

  /** The elements of a set of networks: `10.0.0.0/8, 192.168.7.0/24`. */
  nftNetworks: (value) => elements(value, /^[0-9a-f.:]+\/\d{1,3}$/, 'a network').join(', '),
} satisfies Record<string, Quoter>;

function elements(value: unknown, pattern: RegExp, what: string): string[] {
  if (!Array.isArray(value) || value.length === 0) throw new Unquotable('a list is expected');
  return value.map((item) => {
    const text = oneLineOf(item);
    if (!pattern.test(text)) throw new Unquotable(`${JSON.stringify(text)} is not ${what}`);
    return text;
  });
}
