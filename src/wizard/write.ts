import { appendFile, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';

/**
 * Writes a new file whole or not at all, and never over another one.
 * @throws {UserError} where the file is there already.
 */
export async function writeNew(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  await writeFile(temporary, content, { flag: 'wx' });
  try {
    await link(temporary, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw alreadyThere(path);
    // Not every file system has hard links.
    await writeFile(path, content, { flag: 'wx' });
  } finally {
    await rm(temporary, { force: true });
  }
}

export function alreadyThere(path: string): UserError {
  return new UserError({
    message: `there is already a host file: ${path}`,
    hint: 'Edit it, or make one in another folder: hostwright init DIR',
  });
}

/** What is not for others: personal connection settings, and what hostwright makes for itself. */
const IGNORED = ['*.local.yaml', '/.hostwright/*', '!/.hostwright/schema.json'] as const;

/** Lets git leave alone what is not for others. Lines that are there stay. True when something was added. */
export async function writeGitignore(directory: string): Promise<boolean> {
  const path = join(directory, '.gitignore');
  const before = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const present = before.split(/\r?\n/).map((line) => line.trim());
  const missing = IGNORED.filter((line) => !present.includes(line));
  if (missing.length === 0) return false;
  const comment =
    '# hostwright: not for others. host.yaml, secrets.age and secrets.recipients are to be committed.';
  const gap = before === '' ? '' : before.endsWith('\n') ? '\n' : '\n\n';
  await appendFile(path, `${gap}${[comment, ...missing].join('\n')}\n`);
  return true;
}

/** Makes a folder with a first page in it, unless it is there. Returns true when it was made. */
export async function makeFirstPage(folder: string, host: string): Promise<boolean> {
  const made = await mkdir(folder, { recursive: true });
  if (made === undefined) return false;
  await writeFile(join(folder, 'index.html'), firstPage(host), { flag: 'wx' });
  return true;
}

function firstPage(host: string): string {
  return `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>${host}</title>
  <h1>It works</h1>
  <p>This page comes from ${host}. Put your own in its place.</p>
</html>
`;
}
