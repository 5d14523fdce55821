import { oneLineOf, type Quoter, Unquotable } from './format.ts';

/** For MariaDB's option files. */
export const helpers = {
  /** A path of plain letters: quotes, blanks, `#` and backslashes have a meaning of their own there. */
  mariadbPath: (value) => {
    const text = oneLineOf(value);
    if (!/^\/[A-Za-z0-9_./-]+$/.test(text))
      throw new Unquotable('it is not an absolute path of letters, digits and _ . -');
    return text;
  },
} satisfies Record<string, Quoter>;
