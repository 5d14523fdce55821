import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../errors.ts';
import { removeRole } from '../host/edit.ts';
import type { Host } from '../host/host.ts';

/**
 * Takes a role out of the host file, which it no longer describes: the next `apply` would put it back.
 * @returns what to tell the person.
 */
export async function takeOut({ directory, file }: Host, role: string): Promise<string> {
  const path = join(directory, basename(file));
  try {
    const edited = removeRole(await readFile(path, 'utf8'), role);
    const temporary = `${path}.new`;
    await writeFile(temporary, edited, { flag: 'wx', mode: (await stat(path)).mode });
    await rename(temporary, path);
    return `${role} is off the host, and out of ${file}.`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${role} is off the host. Take it out of ${file} by hand, or the next apply puts it back: ${error.message}`;
  }
}
