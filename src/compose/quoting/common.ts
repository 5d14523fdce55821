import { oneLineOf, type Quoter, textOf, Unquotable } from './format.ts';

/** For every format: what needs no quotes anywhere. */
export const helpers = {
  /** The rest of a line that is a comment already: `# {{comment role}}`. */
  comment: (value) => {
    const text = oneLineOf(value);
    // A backslash at the end continues the line in some formats, and `*/` ends a comment in others.
    if (/\\$|\*\//.test(text)) throw new Unquotable('it could end the comment');
    return text;
  },

  /** Text for people, of any number of lines, in a file where no line means anything to a program: a message of the day. */
  lines: (value) => {
    const text = textOf(value);
    for (const line of text.split('\n')) oneLineOf(line.replaceAll('\t', ' '));
    return text;
  },

  /** A whole number such as a port or a limit. */
  number: (value) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value))
      throw new Unquotable('a whole number is expected');
    return String(value);
  },

  /**
   * What `{{value}}` alone means: a number, or one word of letters, digits, `_`, `.` and `-`. No format that we write
   * sees anything else in it.
   */
  bare: (value) => {
    if (typeof value === 'number' && Number.isFinite(value)) return String(value);
    if (typeof value === 'string' && /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(value)) return value;
    throw new Unquotable(
      value === undefined || value === null ? 'the value is missing' : 'it is more than a plain word',
    );
  },
} satisfies Record<string, Quoter>;
