import { UserError } from '../../errors.ts';
import { shadowing } from '../../own/shadowing.ts';
import { didYouMean } from '../../suggest.ts';
import { plainLine } from '../../ui/plain-text.ts';
import type { Context } from '../context.ts';
import { askingCatalogues } from '../own-recipes.ts';

/**
 * `hostwright recipes show NAME`.
 * @throws {UserError} for a name that is no recipe's
 */
export async function showRecipe(name: string, context: Context): Promise<void> {
  const { globals, json, warn, paint, columns, cwd } = context;
  const catalogue = await askingCatalogues(context)(cwd);
  const recipe = await catalogue.load(name);
  if (!recipe) {
    throw new UserError({
      message: `There is no recipe \`${plainLine(name)}\`.`,
      hint: didYouMean(name, catalogue.names(), 'There are'),
    });
  }
  const own = catalogue.own.get(name);
  const { describeRecipe, recipeObject } = await import('../recipe-text.ts');
  if (globals.json) return json({ v: 1, ...recipeObject(name, recipe), ...(own ? { from: own.shown } : {}) });
  if (own)
    warn(`${paint.dim(catalogue.shadows(name) ? shadowing(own) : `This recipe lies in ${own.shown}.`)}\n`);
  warn(describeRecipe(name, recipe, { paint, columns }));
}
