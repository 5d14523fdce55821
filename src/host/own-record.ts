import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { fingerprint } from './fingerprint.ts';

/** Host files whose hash is remembered, and those of them whose text is. */
const LIMITS = { hashes: 500, texts: 10 } as const;

const format = z.object({
  v: z.literal(1),
  /** Newest first. */
  applied: z.array(
    z.object({ sha256: z.string(), recipes: z.string().optional(), text: z.string().optional() }),
  ),
});

/** A host file that was applied from this very folder, or came into it from the host. */
export type OwnVersion = z.output<typeof format>['applied'][number];

/**
 * What was applied from a folder, by whichever of its host files, each file's newest first: where there is no git, it is
 * what tells the folder's own work from that of others. It lies in `.hostwright/`, which git ignores.
 */
export async function readOwnRecord(directory: string): Promise<readonly OwnVersion[]> {
  const names = await readdir(recordFolder(directory)).catch(() => []);
  const records = names
    .filter((name) => name.endsWith('.json'))
    .map((name) => readRecord(join(recordFolder(directory), name)));
  return (await Promise.all(records)).flat();
}

async function readRecord(path: string): Promise<readonly OwnVersion[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  try {
    return format.parse(JSON.parse(text)).applied;
  } catch {
    return [];
  }
}

/**
 * Adds a host file to the record.
 * @throws what the file system says when the folder cannot be written
 */
export async function addToOwnRecord(
  directory: string,
  file: string,
  added: { readonly text: string; readonly recipes?: string },
): Promise<void> {
  const before = await readRecord(recordPath(directory, file));
  const sha256 = fingerprint(added.text);
  const [last] = before;
  if (last?.sha256 === sha256 && last.recipes === added.recipes) return;
  const rest = before.filter((version) => version.sha256 !== sha256 || version.recipes !== added.recipes);
  const applied = [{ sha256, ...added }, ...rest]
    .slice(0, LIMITS.hashes)
    .map(({ text, ...version }, index) => ({
      ...version,
      ...(text === undefined || index >= LIMITS.texts ? {} : { text }),
    }));
  const path = recordPath(directory, file);
  await mkdir(join(path, '..'), { recursive: true });
  const temporary = `${path}.${process.pid}.new`;
  await writeFile(temporary, `${JSON.stringify({ v: 1, applied })}\n`, { mode: 0o600 });
  await rename(temporary, path);
}

function recordPath(directory: string, file: string): string {
  return join(recordFolder(directory), `${basename(file)}.json`);
}

function recordFolder(directory: string): string {
  return join(directory, '.hostwright', 'applied');
}
