import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';

/** The text files of `recipes/` beside a host file, by their path below it. */
export type OwnRecipes = ReadonlyMap<string, string>;

const KINDS = /\.(?:ts|js|hbs|yaml)$/;

/** Folders within folders; files; bytes of all of them. Far beyond what recipes need, and little for a host to keep. */
const LIMITS = { depth: 8, files: 1_000, bytes: 4 * 1024 * 1024 } as const;

/**
 * Reads the recipes of a folder's own. Links, hidden files and `node_modules` are left out.
 * @throws {UserError} when they are too many or too large to be kept on the host.
 */
export async function readOwnRecipes(directory: string): Promise<OwnRecipes> {
  const found = new Map<string, string>();
  const root = join(directory, 'recipes');
  let bytes = 0;
  const walk = async (below: string, depth: number): Promise<void> => {
    const entries = await readdir(join(root, below), { withFileTypes: true }).catch(() => []);
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      if (entry.isDirectory() && depth < LIMITS.depth) await walk(path, depth + 1);
      if (!entry.isFile() || !KINDS.test(entry.name)) continue;
      bytes += (await stat(join(root, path))).size;
      if (bytes > LIMITS.bytes || found.size === LIMITS.files) throw tooMuch(root);
      found.set(path, await readFile(join(root, path), 'utf8'));
    }
  };
  await walk('', 0);
  return found;
}

/** One hash for all of them; nothing when there are none. */
export function recipesHash(recipes: OwnRecipes): string | undefined {
  if (recipes.size === 0) return undefined;
  const lines = [...recipes].map(([path, text]) => [path, text.replaceAll('\r', '')]);
  return createHash('sha256').update(JSON.stringify(lines)).digest('hex');
}

function tooMuch(root: string): UserError {
  return new UserError({
    message: `${root} holds more than ${LIMITS.files} files or ${LIMITS.bytes / 1024 / 1024} MiB: these cannot all be recipes.`,
    hint: 'Nothing was changed. Move what is no recipe out of that folder.',
  });
}
