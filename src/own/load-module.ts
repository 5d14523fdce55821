import { randomUUID } from 'node:crypto';
import * as nodeModule from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../errors.ts';
import { packageRoot } from '../package-root.ts';
import { endless, failureOf, PATIENCE, refusedImport } from './failure.ts';
import type { OwnRecipe } from './find.ts';
import { loadOwn, type OwnModules, resolveOwn } from './hooks.ts';
import { stripTypes } from './strip.ts';

const DOING = 'while it was loaded';

/**
 * Runs a recipe's module, from the texts that were read and no others, and returns what it exports. Whoever calls has
 * asked whether it may run.
 * @throws {UserError} with the place in the recipe, for mistakes in it, what it throws, and when it does not end
 */
export async function importOwn(recipe: OwnRecipe): Promise<Readonly<Record<string, unknown>>> {
  const root = `${pathToFileURL(recipe.folder).href}/`;
  const mark = `?hostwright=${randomUUID()}`;
  const packages = { hostwright: ours('api.js'), zod: ours('zod.js') };
  const sources = await stripTypes(recipe);
  hook({ root, mark, sources, packages });
  try {
    return await inTime(import(root + recipe.entry + mark), recipe);
  } catch (error) {
    if (error instanceof UserError) throw error;
    // Node does not say the column of a mistake in JavaScript, and for some not the line.
    if (error instanceof SyntaxError) await stripTypes(recipe, { check: true });
    throw refusedImport(recipe, error) ?? failureOf(recipe, error, DOING);
  }
}

async function inTime<T>(work: Promise<T>, { shown, entry }: OwnRecipe): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new UserError(endless({ file: `${shown}/${entry}` }, DOING));
    timer = setTimeout(() => reject(error), PATIENCE * 1_000);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Modules of the running bundle: chunks are shared, so these are the very objects that hostwright itself uses. */
function ours(file: string): string {
  return pathToFileURL(join(packageRoot(), 'dist', file)).href;
}

/** Node's two ways to hook into imports: in this thread since 22.15, by a thread of theirs before. */
function hook(modules: OwnModules): void {
  const { registerHooks, register } = nodeModule as Hooking;
  if (registerHooks) {
    registerHooks({
      resolve: (specifier, context, next) => {
        const url = resolveOwn(modules, specifier, context.parentURL);
        return url === undefined ? next(specifier, context) : { url, format: 'module', shortCircuit: true };
      },
      load: (url, context, next) => loadOwn(modules, url) ?? next(url, context),
    });
  } else if (register) {
    register(ours('recipe-hooks.js'), { parentURL: import.meta.url, data: modules });
  } else {
    throw new UserError({
      message: `Recipes of your own need Node.js 20.6 or newer, and this is ${process.version}.`,
      hint: 'Nothing was touched. Get a newer Node.js, or leave roles of your own recipes out.',
    });
  }
}

/** What `node:module` has, by its version; the types are those of Node 20.19. */
interface Hooking {
  readonly registerHooks?: (hooks: {
    resolve(
      specifier: string,
      context: { parentURL?: string },
      next: (specifier: string, context: object) => unknown,
    ): unknown;
    load(url: string, context: object, next: (url: string, context: object) => unknown): unknown;
  }) => void;
  readonly register?: (specifier: string, options: { parentURL: string; data: OwnModules }) => void;
}
