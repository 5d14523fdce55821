import { Command } from '@commander-js/extra-typings';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';

export function command(context: Context) {
  const recipes = new Command('recipes')
    .summary('the catalogue: what a host can be, and recipes of your own')
    .description(
      'The catalogue of recipes: what a host can be, and what each role can say.\n' +
        'Recipes of your own lie in recipes/ beside the host file; here those of the folder that you are in.',
    )
    .helpGroup(HELP_GROUPS.write)
    .addHelpText(
      'after',
      examples(
        ['hostwright recipes list', 'all recipes, a line each'],
        ['hostwright recipes show site', 'what a `site` role can say in a host file'],
        ['hostwright recipes new motd', 'begin a recipe of your own in recipes/motd'],
        ['hostwright recipes lint', 'try all recipes of your own, without a machine'],
      ),
    );
  recipes
    .command('list', { isDefault: true })
    .summary('every recipe, a line each')
    .description('Lists the recipes, a line each.')
    .addHelpText('after', examples(['hostwright recipes list --json', 'for scripts']))
    .action(async () => {
      const { listRecipes } = await import('../recipes/list.ts');
      await listRecipes(context);
    });
  recipes
    .command('show')
    .summary('what a role of this recipe can say in a host file')
    .description('Shows what a role of this recipe can say in a host file.')
    .addHelpText('after', examples(['hostwright recipes show site', 'what a `site` role can say']))
    .argument('<recipe>', 'its name, as `recipes list` shows it')
    .action(async (name) => {
      const { showRecipe } = await import('../recipes/show.ts');
      await showRecipe(name, context);
    });
  recipes
    .command('new')
    .summary('begin a recipe of your own')
    .description(
      'Writes a small recipe that works to recipes/NAME in this folder, with a template and a case.',
    )
    .addHelpText(
      'after',
      examples(['hostwright recipes new motd', 'writes recipes/motd/recipe.ts and so on']),
    )
    .argument('<name>', 'small letters, digits and hyphens')
    .action(async (name) => {
      const { newRecipe } = await import('../recipes/new.ts');
      await newRecipe(name, context);
    });
  recipes
    .command('lint')
    .summary('try recipes of your own without a machine')
    .description(
      'Tries recipes of your own without a machine: their templates, each of their cases on both releases of Debian,\n' +
        'whether the same comes out twice, and hostile text in every input. Exits with 2 when something is wrong.',
    )
    .addHelpText('after', examples(['hostwright recipes lint motd', 'try recipes/motd']))
    .argument('[names...]', 'default: all in recipes/ of this folder')
    .action(async (names) => {
      const { lintRecipes } = await import('../recipes/lint.ts');
      await lintRecipes(names, context);
    });
  return recipes;
}
