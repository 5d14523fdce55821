import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { OwnRecipe } from './find.ts';

const record = z.object({
  v: z.literal(1),
  name: z.string(),
  folder: z.string(),
  /** When it was trusted, ISO 8601. */
  when: z.string(),
  files: z.record(z.string(), z.string()),
});

/** What a recipe was when it was trusted last. */
export interface Trusted {
  readonly when: string;
  readonly files: ReadonlyMap<string, string>;
}

/** Where this account keeps which recipes it trusts: never in the project, which others write to. */
export function trustFolder(env: Readonly<Record<string, string | undefined>>): string {
  const state = env.XDG_STATE_HOME?.startsWith('/')
    ? env.XDG_STATE_HOME
    : join(env.HOME || homedir(), '.local/state');
  return join(state, 'hostwright', 'trusted-recipes');
}

/** Whether exactly these files of a recipe, by their content, may run on this account's word. */
export async function isTrusted(folder: string, recipe: OwnRecipe): Promise<boolean> {
  return (await read(join(folder, `${recipe.digest}.json`))) !== undefined;
}

/** Remembers that this recipe may run as it is now. */
export async function trust(folder: string, recipe: OwnRecipe): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${recipe.digest}.json`);
  const { name, files } = recipe;
  const written: z.input<typeof record> = {
    v: 1,
    name,
    folder: recipe.folder,
    when: new Date().toISOString(),
    files: Object.fromEntries(files),
  };
  const staged = `${path}.${process.pid}.new`;
  await writeFile(staged, `${JSON.stringify(written)}\n`, { mode: 0o600 });
  await rename(staged, path);
}

/** What the recipe in this folder was when it was trusted last; nothing when it never was. */
export async function lastTrusted(folder: string, recipe: OwnRecipe): Promise<Trusted | undefined> {
  const names = await readdir(folder).catch(() => []);
  const records = await Promise.all(
    names.filter((name) => name.endsWith('.json')).map((name) => read(join(folder, name))),
  );
  const [last] = records
    .flatMap((found) => (found?.folder === recipe.folder ? [found] : []))
    .sort((a, b) => (a.when < b.when ? 1 : -1));
  return last && { when: last.when, files: new Map(Object.entries(last.files)) };
}

/** A record that cannot be read trusts nothing. */
async function read(path: string): Promise<z.output<typeof record> | undefined> {
  try {
    return record.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}
