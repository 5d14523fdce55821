import { Command } from '@commander-js/extra-typings';
import { builtInRecipes } from '../../compose/registry.generated.ts';
import { UserError } from '../../errors.ts';
import { didYouMean } from '../../suggest.ts';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';
import type { AnyRecipe } from '../recipe-text.ts';

export function command(context: Context) {
  const recipes = new Command('recipes')
    .summary('the catalogue: what a host can be')
    .description('The catalogue of recipes: what a host can be, and what each role can say.')
    .helpGroup(HELP_GROUPS.write)
    .addHelpText(
      'after',
      examples(
        ['hostwright recipes list', 'all recipes, a line each'],
        ['hostwright recipes show site', 'what a `site` role can say in a host file'],
      ),
    );
  recipes
    .command('list', { isDefault: true })
    .summary('every recipe, a line each')
    .description('Lists the recipes, a line each.')
    .addHelpText('after', examples(['hostwright recipes list --json', 'for scripts']))
    .action(() => list(context));
  recipes
    .command('show')
    .summary('what a role of this recipe can say in a host file')
    .description('Shows what a role of this recipe can say in a host file.')
    .addHelpText('after', examples(['hostwright recipes show site', 'what a `site` role can say']))
    .argument('<recipe>', 'its name, as `recipes list` shows it')
    .action((name) => show(name, context));
  return recipes;
}

async function list({ globals, json, warn, paint }: Context): Promise<void> {
  const names = Object.keys(builtInRecipes);
  const recipes = await Promise.all(names.map(async (name) => ({ name, recipe: await load(name) })));
  if (globals.json) {
    const entries = recipes.map(({ name, recipe: { title, summary } }) => ({ name, title, summary }));
    return json({ v: 1, recipes: entries });
  }
  const width = Math.max(...names.map((name) => name.length));
  for (const { name, recipe } of recipes)
    warn(`${paint.strong(name.padEnd(width))}  ${recipe.title}: ${recipe.summary}`);
}

async function show(name: string, { globals, json, warn, paint, columns }: Context): Promise<void> {
  const recipe = await load(name);
  const { describeRecipe, recipeObject } = await import('../recipe-text.ts');
  if (globals.json) json({ v: 1, ...recipeObject(name, recipe) });
  else warn(describeRecipe(name, recipe, { paint, columns }));
}

/** @throws {UserError} for a name that is no recipe's. */
async function load(name: string): Promise<AnyRecipe> {
  const loaders: Readonly<Record<string, () => Promise<{ readonly default: AnyRecipe }>>> = builtInRecipes;
  const found = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  if (found) return (await found()).default;
  throw new UserError({
    message: `There is no recipe \`${name}\`.`,
    hint: didYouMean(name, Object.keys(loaders), 'There are'),
  });
}
