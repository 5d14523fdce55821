import type { Recipe } from '../../compose/recipe.ts';
import { UserError } from '../../errors.ts';
import { plainLine } from '../../ui/plain-text.ts';
import type { Context } from '../context.ts';
import { quietCatalogue, UntrustedError } from '../own-recipes.ts';

/** `hostwright recipes list`: nothing runs that nobody has let run. */
export async function listRecipes(context: Context): Promise<void> {
  const { globals, json, warn, paint, cwd } = context;
  const catalogue = await quietCatalogue(context, cwd);
  const entries = await Promise.all(
    catalogue.names().map(async (name) => {
      const own = catalogue.own.get(name);
      const { title, summary, state } = about(await catalogue.load(name).catch((error: unknown) => error));
      return {
        name,
        ...{ title, summary },
        ...(own ? { from: own.shown, state, shadows: catalogue.shadows(name) } : {}),
      };
    }),
  );
  if (globals.json) return json({ v: 1, recipes: entries });
  const width = Math.max(...entries.map(({ name }) => name.length));
  for (const { name, title, summary, from, shadows } of entries) {
    const where =
      from === undefined
        ? ''
        : ` (${from}${shadows ? ', in the place of the one that comes with hostwright' : ''})`;
    const text = title === undefined ? summary : `${title}: ${summary}`;
    warn(
      `${paint.strong(plainLine(name).padEnd(width))}  ${plainLine(text)}${paint.dim(plainLine(where) && ` ${plainLine(where)}`)}`,
    );
  }
}

/** What can be said of a recipe that ran, that may not run, or that is broken. */
function about(loaded: unknown): {
  title?: string;
  summary: string;
  state: 'ready' | 'untrusted' | 'broken';
} {
  if (loaded instanceof UntrustedError)
    return { summary: 'a program that nobody has let run here yet', state: 'untrusted' };
  if (loaded instanceof UserError)
    return { summary: 'it has mistakes: see `hostwright recipes lint`', state: 'broken' };
  if (loaded instanceof Error) throw loaded;
  const { title, summary } = loaded as Recipe;
  return { title, summary, state: 'ready' };
}
