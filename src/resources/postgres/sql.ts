/**
 * Names and values in the SQL of PostgreSQL. Every value that becomes part of a statement goes through one of these
 * (https://www.postgresql.org/docs/current/sql-syntax-lexical.html).
 */

/**
 * A name as a quoted identifier.
 * @throws {RangeError} for NUL, and for what the server would cut off: more than 63 bytes
 */
export function identifier(name: string): string {
  refuseNul(name);
  if (name === '') throw new RangeError('A name in SQL cannot be empty');
  if (Buffer.byteLength(name) > 63) throw new RangeError('A name of PostgreSQL has at most 63 bytes');
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Text as a string constant. With a backslash in it the form E'' is taken: it means the same whatever
 * `standard_conforming_strings` says.
 * @throws {RangeError} for NUL, which no text of PostgreSQL holds
 */
export function literal(text: string): string {
  refuseNul(text);
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/** A list of string constants for `IN (…)`. */
export function literals(texts: readonly string[]): string {
  return texts.map(literal).join(', ');
}

function refuseNul(text: string): void {
  if (text.includes('\0')) throw new RangeError('A NUL byte cannot be part of SQL');
}
