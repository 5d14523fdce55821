import { open } from 'node:fs/promises';
import type { Problem } from '../errors.ts';
import { UserError } from '../errors.ts';

/** Bytes; a host file of a thousand roles has a tenth of this. */
const LIMIT = 1024 * 1024;

const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\r(?!\n)/u;

/**
 * Reads a host file as text, without a byte order mark.
 * @param path absolute; `file` is its name in messages.
 * @throws {UserError} for a file that is missing, unreadable, longer than 1 MiB or not UTF-8 text.
 */
export async function readHostFile(path: string, file: string): Promise<string> {
  const bytes = await readAtMost(path, file, LIMIT + 1);
  if (bytes.length > LIMIT) {
    const message = 'the host file is longer than 1 MiB: that is no host file';
    throw new UserError({ at: { file, line: 1, column: 1 }, message, hint: 'Is it the right file?' });
  }
  const problem = notText(bytes, file);
  if (problem) throw new UserError(problem);
  return bytes.toString('utf8').replace(/^\ufeff/, '');
}

async function readAtMost(path: string, file: string, limit: number): Promise<Buffer> {
  const handle = await open(path).catch((error) => {
    throw new UserError(unreadable(error, file));
  });
  try {
    const buffer = Buffer.alloc(limit);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, limit - length);
      length += bytesRead;
      if (bytesRead === 0 || length === limit) return buffer.subarray(0, length);
    }
  } catch (error) {
    throw new UserError(unreadable(error as NodeJS.ErrnoException, file));
  } finally {
    await handle.close();
  }
}

function unreadable(error: NodeJS.ErrnoException, file: string): Problem {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    return { message: `there is no host file ${file}`, hint: 'Make one with: hostwright init' };
  if (error.code === 'EISDIR') return { at: { file }, message: 'this is a folder, not a host file' };
  if (error.code === 'EACCES') return { at: { file }, message: 'the host file may not be read by you' };
  return { at: { file }, message: `the host file cannot be read: ${error.message}` };
}

function notText(bytes: Buffer, file: string): Problem | undefined {
  const hint = 'Save it as plain text in UTF-8.';
  const wide = bytes[0] === 0xff || bytes[0] === 0xfe;
  if (wide && (bytes[1] === 0xfe || bytes[1] === 0xff))
    return { at: { file, line: 1, column: 1 }, message: 'the host file is UTF-16, not UTF-8', hint };
  const text = bytes.toString('utf8');
  const again = Buffer.from(text);
  if (!again.equals(bytes)) {
    const before = bytes.subarray(0, firstDifference(bytes, again)).toString('utf8');
    return { at: endOf(before, file), message: 'the host file is not UTF-8 from here on', hint };
  }
  const control = CONTROL.exec(text);
  if (!control) return undefined;
  const code = control[0].charCodeAt(0).toString(16).padStart(4, '0').toUpperCase();
  const message = `a control character (U+${code}) has no place in a host file`;
  return { at: endOf(text.slice(0, control.index), file), message, hint };
}

function firstDifference(a: Buffer, b: Buffer): number {
  let index = 0;
  while (index < a.length && a[index] === b[index]) index++;
  return index;
}

/** The place right after `before`. */
function endOf(before: string, file: string) {
  const lines = before.split('\n');
  return { file, line: lines.length, column: (lines.at(-1)?.replace(/^\ufeff/, '').length ?? 0) + 1 };
}
