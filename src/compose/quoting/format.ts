/** Writes one value in the syntax of a format, so that it is read back as that value and nothing else. */
export type Quoter = (value: unknown) => string;

/** A value that has no place in the file. The renderer adds template, line and helper to the message. */
export class Unquotable extends Error {
  override readonly name = 'Unquotable';
}

/**
 * The text of a value that stands for text.
 * @throws {Unquotable} for anything but text and finite numbers.
 */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  throw new Unquotable(value === undefined || value === null ? 'the value is missing' : 'text is expected');
}

/**
 * Refuses what would end a line in any format: control characters (NUL and tab too), Unicode's line separators, and
 * half characters, which no encoding can write.
 * @throws {Unquotable}
 */
export function oneLineOf(value: unknown): string {
  const text = textOf(value);
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text))
    throw new Unquotable('it holds a line break or another control character');
  if (/\p{Surrogate}/u.test(text)) throw new Unquotable('it holds half a character');
  return text;
}
