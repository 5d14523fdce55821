import { mkdir, open, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Text of a file of at most so many bytes; undefined for one that is longer, missing or not to be read. */
export async function textOf(path: string, most = 65_536): Promise<string | undefined> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(most + 1), 0, most + 1, 0);
      return bytesRead > most ? undefined : buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/** Names of the JSON files in a folder, in the order of their bytes; none for a missing folder. */
export async function jsonFiles(folder: string): Promise<readonly string[]> {
  const files = await readdir(folder).catch(() => []);
  return files.filter((file) => /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}\.json$/.test(file)).sort();
}

/** What a text says as JSON, where that is an object. */
export function objectIn(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Writes a file in one step, so that nobody reads half of it. */
export async function replaceFile(path: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, text, { mode });
  await rename(`${path}.new`, path);
}
