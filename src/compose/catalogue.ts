import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { packageRoot } from '../package-root.ts';
import type { Recipe } from './recipe.ts';
import { builtInRecipes } from './registry.generated.ts';

/** Where recipes and their templates come from. */
export interface RecipeSource {
  /** Sorted. */
  names(): readonly string[];
  /** The recipe of that name, or nothing. */
  load(name: string): Promise<Recipe | undefined>;
  /** The texts of `templates/<recipe>/**` by their path below it, without `.hbs`. */
  templates(name: string): Promise<ReadonlyMap<string, string>>;
  /** Recipes that lie beside the host file, by name. */
  readonly own?: ReadonlyMap<string, unknown>;
}

/** The recipes that come with hostwright; each is imported when it is first asked for. */
export function builtInCatalogue(): RecipeSource {
  const recipes: Readonly<Record<string, () => Promise<{ readonly default: Recipe }>>> = builtInRecipes;
  return {
    names: () => Object.keys(recipes).sort(),
    load: async (name) => (Object.hasOwn(recipes, name) ? (await recipes[name]?.())?.default : undefined),
    templates: (name) => readTemplates(join(packageRoot(), 'templates', name)),
  };
}

async function readTemplates(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const files = entries.filter((path) => path.endsWith('.hbs')).sort();
  const texts = await Promise.all(files.map((path) => readFile(join(folder, path), 'utf8')));
  return new Map(files.map((path, index) => [nameOf(path), texts[index] ?? '']));
}

const nameOf = (path: string): string => path.replaceAll(sep, '/').replace(/\.hbs$/, '');
