import { Buffer } from 'node:buffer';
import { type Shell, sh } from '../quote.ts';

/** Printable ASCII without the three characters on which login shells disagree inside single quotes. */
const SAFE = /^[ "-&(-[\]-~]*$/;

/**
 * A command line that every login shell hands to `sh -c` unchanged.
 *
 * sshd gives the line to the account's login shell, and inside single quotes fish unescapes `\\` and `\'`,
 * csh expands `!` and refuses a newline. So these, and all that is not printable ASCII, travel as octal
 * escapes which `printf %b` (POSIX.1-2017) turns back; what has none of them stays readable.
 * @throws {RangeError} if the command holds a NUL byte.
 */
export function forLoginShell(command: Shell): string {
  const { text } = command;
  if (SAFE.test(text)) return sh`exec sh -c ${text}`.text;
  if (text.includes('\0')) throw new RangeError('A NUL byte cannot be part of a shell command');
  return sh`exec sh -c ${'exec sh -c "$(printf %b "$1")"'} sh ${escapeOctal(text)}`.text;
}

function escapeOctal(text: string): string {
  let escaped = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const char = String.fromCharCode(byte);
    escaped += SAFE.test(char) ? char : `\\0${byte.toString(8).padStart(3, '0')}`;
  }
  return escaped;
}
