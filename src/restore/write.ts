import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What became of files that were to be written below a folder. */
export interface Written {
  /** How many files were written. */
  readonly made: number;
  /** Paths of files that were there already, and stay as they are. */
  readonly there: readonly string[];
  /** Paths that no file may be written to. */
  readonly refused: readonly string[];
}

/** A file to be written; the path comes from a host. */
export interface NewFile {
  readonly path: string;
  readonly content: string | Buffer;
  readonly executable?: boolean;
}

/**
 * True for a path that leads from a folder to a place in it, and to none that would be run or read by another program
 * as if the user had put it there.
 */
export function isWithin(path: string): boolean {
  const parts = path.split('/');
  return (
    !/[\u0000-\u001f\u007f\\]/.test(path) &&
    parts.every(
      (part) => part !== '' && part !== '.' && part !== '..' && !/^\.(?:git|hostwright)$/i.test(part),
    )
  );
}

/** Writes files below a folder, none over another one. */
export async function writeBelow(folder: string, files: readonly NewFile[]): Promise<Written> {
  const there: string[] = [];
  const refused: string[] = [];
  let made = 0;
  for (const { path, content, executable } of files) {
    if (!isWithin(path)) {
      refused.push(path);
      continue;
    }
    const target = join(folder, path);
    try {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content, { flag: 'wx' });
      if (executable) await chmod(target, 0o755);
      made += 1;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!['EEXIST', 'ENOTDIR', 'EISDIR'].includes(code)) throw error;
      there.push(path);
    }
  }
  return { made, there, refused };
}
