import { oneLineOf, type Quoter, Unquotable } from './format.ts';

/** For unit files of systemd(1). */
export const helpers = {
  /** An absolute path in a list of paths: `%` begins a specifier, blanks end a word (systemd.syntax(7)). */
  systemdPath: (value) => {
    const text = oneLineOf(value);
    if (!text.startsWith('/')) throw new Unquotable('it is not an absolute path');
    return `"${text.replaceAll('%', '%%').replaceAll(/["\\]/g, '\\$&')}"`;
  },
} satisfies Record<string, Quoter>;
