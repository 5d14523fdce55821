/**
 * The one quoting function. Every value that reaches a shell goes through here;
 * nothing else in this project may build shell out of values.
 */

import { Secret } from './secrets/secret.ts';

/**
 * Quotes `value` as one word of POSIX sh (single quotes, POSIX.1-2017 §2.2.2).
 * @throws {RangeError} if it holds a NUL byte, which no argument can carry (execve(2)).
 * @throws {TypeError} if it is a {@link Secret}: arguments are seen by every process of a machine.
 */
export function quote(value: string): string {
  refuseSecret(value);
  if (value.includes('\0')) throw new RangeError('A NUL byte cannot be part of a shell word');
  return `'${value.replaceAll("'", "'\\''")}'`;
}

/** Quotes an argument vector as one command of POSIX sh. */
export function quoteAll(argv: readonly string[]): string {
  return argv.map(quote).join(' ');
}

/**
 * Template tag for shell text: every interpolated string is quoted, a nested {@link Shell} is inserted as it is.
 * The text is taken raw, so that backslashes mean to the shell what they mean in a script (`printf '%s\n'`); only
 * `` \` `` and `\${` are unescaped, since a template literal has no other way to write them.
 */
export function sh(
  strings: TemplateStringsArray,
  ...values: readonly (string | number | Shell | readonly string[])[]
): Shell {
  const texts = strings.raw.map((text) => text.replaceAll('\\`', '`').replaceAll('\\${', '${'));
  let text = texts[0] ?? '';
  values.forEach((value, index) => {
    text += toShell(value) + (texts[index + 1] ?? '');
  });
  return new Shell(text);
}

/** Text that is already shell; made only by {@link sh} and {@link joinShell}, so that plain strings cannot pass for it. */
export class Shell {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

/** Joins pieces of shell with a separator, a newline by default. */
export function joinShell(parts: readonly Shell[], separator = '\n'): Shell {
  return new Shell(parts.map((part) => part.text).join(separator));
}

function toShell(value: string | number | Shell | readonly string[]): string {
  refuseSecret(value);
  if (value instanceof Shell) return value.text;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be part of a shell command`);
    return String(value);
  }
  return typeof value === 'string' ? quote(value) : quoteAll(value);
}

function refuseSecret(value: unknown): void {
  if (!(value instanceof Secret)) return;
  throw new TypeError(
    'A secret must not be part of a shell command: send it, or better its verifier, as a blob',
  );
}
