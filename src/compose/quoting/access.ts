import { oneLineOf, type Quoter, Unquotable } from './format.ts';

/** For files that say who may do what and where: of sshd, ProFTPD and systemd. What they mean alike, unquoted. */
export const helpers = {
  /** Words of letters, digits, `_`, `.` and `-`, with commas between: `anna,ben`. No pattern among them. */
  commaWords: (value) => {
    if (!Array.isArray(value) || value.length === 0) throw new Unquotable('a list is expected');
    return value.map((item) => matching(item, /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'a plain word')).join(',');
  },

  /** A range of addresses: `192.168.1.0/24`, `fd00::/8`. */
  network: (value) => matching(value, /^[0-9a-f.:]+\/\d{1,3}$/, 'a range of addresses'),

  /** An absolute path of plain words: nothing in it means anything to a program. */
  plainPath: (value) => matching(value, /^(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$/, 'a plain path'),
} satisfies Record<string, Quoter>;

function matching(value: unknown, pattern: RegExp, what: string): string {
  const text = oneLineOf(value);
  if (!pattern.test(text)) throw new Unquotable(`${JSON.stringify(text)} is not ${what}`);
  return text;
}
