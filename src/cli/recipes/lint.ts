import { EXIT, formatProblem, UserError } from '../../errors.ts';
import { writeEditorTypes } from '../../own/editor-types.ts';
import { type Linted, lintRecipe } from '../../own/lint/lint.ts';
import { didYouMean } from '../../suggest.ts';
import { plainText } from '../../ui/plain-text.ts';
import type { Context } from '../context.ts';
import { askingCatalogues } from '../own-recipes.ts';
import { refreshSchema } from './refresh-schema.ts';

/**
 * `hostwright recipes lint`.
 * @throws {UserError} for names that are no recipes of this folder, and for one that may not run
 */
export async function lintRecipes(names: readonly string[], context: Context): Promise<void> {
  const { cwd, globals, json, say, warn, paint, end } = context;
  const catalogue = await askingCatalogues(context)(cwd);
  const all = [...catalogue.own.keys()];
  const strange = names.filter((name) => !catalogue.own.has(name));
  if (strange.length > 0) {
    throw new UserError(
      strange.map((name) => ({
        message: `There is no recipe recipes/${plainText(name)} here.`,
        hint: didYouMean(name, all, 'There are'),
      })),
    );
  }
  if (all.length === 0) {
    throw new UserError({
      message: 'There are no recipes of your own in recipes/ here.',
      hint: 'Begin one: hostwright recipes new NAME',
    });
  }
  const results: Linted[] = [];
  for (const [name, own] of catalogue.own) {
    if (names.length > 0 && !names.includes(name)) continue;
    await catalogue.admit(name);
    results.push(await lintRecipe(own, catalogue));
  }
  await writeEditorTypes(cwd);
  await refreshSchema(context);
  const ok = results.every(({ problems }) => problems.length === 0);
  if (!ok) end(EXIT.usage);
  if (globals.json) return json({ v: 1, ok, recipes: results });
  for (const { name, cases, problems } of results) {
    if (problems.length > 0) warn(plainText(problems.map(formatProblem).join('\n')));
    else
      say(
        `${paint.strong(name)}: fine, with ${cases === 1 ? 'its case' : `${cases} cases`} on Debian 12 and 13.`,
      );
  }
}
