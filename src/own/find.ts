import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { readOwnRecipes } from '../host/own-recipes.ts';
import { packageRoot } from '../package-root.ts';

/** A recipe beside a host file, read but not run. */
export interface OwnRecipe {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** The same folder as messages name it: `recipes/motd`. */
  readonly shown: string;
  readonly entry: (typeof ENTRIES)[number];
  /** The texts of all its files by their path below the folder, sorted: these are what runs, and what is trusted. */
  readonly files: ReadonlyMap<string, string>;
  /** Of its name and files. */
  readonly digest: string;
}

const ENTRIES = ['recipe.ts', 'recipe.js'] as const;
const NAME = /^[a-z][a-z0-9-]{0,39}$/;

/**
 * Reads the recipes in `recipes/` of a folder, without running them.
 * @param directory absolute
 * @param shown the same folder for messages; empty for the one that the user is in
 * @throws {UserError} for a name that is none, and for a recipe with two beginnings
 */
export async function findOwnRecipes(
  directory: string,
  shown: string,
): Promise<ReadonlyMap<string, OwnRecipe>> {
  const folders = new Map<string, Map<string, string>>();
  if (await isOurs(directory)) return new Map();
  for (const [path, text] of await readOwnRecipes(directory)) {
    const slash = path.indexOf('/');
    if (slash < 0) continue;
    const name = path.slice(0, slash);
    folders.set(name, (folders.get(name) ?? new Map()).set(path.slice(slash + 1), text));
  }
  const found = [...folders].flatMap(([name, files]): OwnRecipe[] => {
    const place = join(shown, 'recipes', name);
    const entries = ENTRIES.filter((entry) => files.has(entry));
    const [entry, second] = entries;
    if (entry === undefined) return [];
    if (second !== undefined) throw refuse(place, `it has both ${entry} and ${second}`, 'Keep one of them.');
    if (!NAME.test(name)) {
      const why = `‘${name}’ is not a name for a recipe`;
      throw refuse(place, why, 'Small letters, digits and hyphens, at most 40, a letter first.');
    }
    return [
      {
        name,
        folder: join(directory, 'recipes', name),
        shown: place,
        entry,
        files,
        digest: digest(name, files),
      },
    ];
  });
  return new Map(found.map((recipe) => [recipe.name, recipe]));
}

/** In a checkout of hostwright `recipes/` holds what is built in. */
export async function isOurs(directory: string): Promise<boolean> {
  const [here, ours] = await Promise.all(
    [directory, packageRoot()].map((path) => realpath(path).catch(() => path)),
  );
  return here === ours;
}

function digest(name: string, files: ReadonlyMap<string, string>): string {
  return createHash('sha256')
    .update(JSON.stringify([name, ...files]))
    .digest('hex');
}

function refuse(place: string, why: string, hint: string): UserError {
  return new UserError({ at: { file: place }, message: why, hint });
}
