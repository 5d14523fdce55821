import { relative } from 'node:path';
import type { RecipeSource } from '../compose/catalogue.ts';
import { UserError } from '../errors.ts';
import { type Catalogue, openCatalogue } from '../own/catalogue.ts';
import type { OwnRecipe } from '../own/find.ts';
import { isTrusted, lastTrusted, trust, trustFolder } from '../own/trust.ts';
import { plainLine, plainText } from '../ui/plain-text.ts';
import type { Context } from './context.ts';

/** Lines of a diff that are shown with the question; the files can be looked at in an editor. */
const SHOWN_LINES = 60;

/** A recipe's program was not run, because nobody has said that it may. */
export class UntrustedError extends UserError {}

/** Catalogues for the folders of several host files; a recipe that nobody here has let run is asked for, one at a time. */
export function askingCatalogues(context: Context): (directory: string) => Promise<Catalogue> {
  let queue: Promise<unknown> = Promise.resolve();
  const gate = (recipe: OwnRecipe): Promise<void> => {
    const mine = queue.then(() => letRun(context, recipe));
    queue = mine.catch(() => undefined);
    return mine;
  };
  const opened = new Map<string, Promise<Catalogue>>();
  return (directory) => {
    const catalogue = opened.get(directory) ?? openCatalogue({ ...placed(context, directory), gate });
    opened.set(directory, catalogue);
    return catalogue;
  };
}

/** The catalogue of one folder, for commands that do without recipes which nobody has let run yet. */
export function quietCatalogue(context: Context, directory: string): Promise<Catalogue> {
  const gate = async (recipe: OwnRecipe): Promise<void> => {
    if (await isTrusted(trustFolder(context.env), recipe)) return;
    throw new UntrustedError({
      message: `the recipe ‘${recipe.name}’ in ${recipe.shown} is a program that nobody has let run here yet.`,
      hint: `Look at it; \`hostwright recipes show ${recipe.name}\` then asks whether it may.`,
    });
  };
  return openCatalogue({ ...placed(context, directory), gate });
}

/** The same without the recipes that have not been let run; `missed` hears of each. */
export function withoutUntrusted(catalogue: Catalogue, missed: (error: UserError) => void): RecipeSource {
  return {
    ...catalogue,
    load: (name) =>
      catalogue.load(name).catch((error: unknown) => {
        if (!(error instanceof UserError)) throw error;
        missed(error);
        return undefined;
      }),
  };
}

function placed({ cwd }: Context, directory: string) {
  return { directory, shown: relative(cwd, directory) };
}

/** @throws {UntrustedError} when there is nobody to ask, or the answer is no */
async function letRun(context: Context, recipe: OwnRecipe): Promise<void> {
  const folder = trustFolder(context.env);
  if (await isTrusted(folder, recipe)) return;
  const { globals, interactive, ask, warn } = context;
  const name = plainLine(recipe.name);
  const place = plainLine(recipe.shown);
  if (globals.trustRecipes) {
    await trust(folder, recipe);
    return warn(`The recipe ‘${name}’ in ${place} may run from now on, as it is: --trust-recipes.`);
  }
  const before = await lastTrusted(folder, recipe);
  if (!interactive) {
    const why = before
      ? `has changed since you let it run (${before.when.slice(0, 10)})`
      : 'has not run here before';
    throw new UntrustedError({
      message: `The recipe ‘${name}’ in ${place} is a program, and it ${why}: ${await summary(recipe, before?.files)}.`,
      hint: 'Nothing was touched. Look at it; then run this on a terminal, where it is asked for, or add --trust-recipes.',
    });
  }
  warn(await introduction(context, recipe, before?.files));
  if (!(await ask.confirm(`May the recipe ‘${name}’ run on this computer, as it is now?`))) {
    throw new UntrustedError({
      message: `The recipe ‘${name}’ in ${place} was not let run.`,
      hint: 'Nothing was touched. Take roles that use it out of the host file to go on without it.',
    });
  }
  await trust(folder, recipe);
}

async function introduction(
  { paint }: Context,
  recipe: OwnRecipe,
  before: ReadonlyMap<string, string> | undefined,
): Promise<string> {
  const name = paint.strong(`‘${plainLine(recipe.name)}’ in ${plainLine(recipe.shown)}`);
  const means = 'A recipe is a program: it can do on this computer what you can do.';
  if (!before)
    return `\nThe recipe ${name} has not run here before. ${means}\nIts files: ${await summary(recipe)}.`;
  const { whatChanged } = await import('../own/what-changed.ts');
  const diffs = whatChanged(before, recipe).map(({ path, change, diff = '' }) => {
    const lines = plainText(diff).split('\n');
    const rest = lines.length - SHOWN_LINES;
    const more = rest > 0 ? `\n… and ${rest} more lines: see the file.` : '';
    const shown = change === 'gone' ? '' : `\n${lines.slice(0, SHOWN_LINES).join('\n')}${more}`;
    return `${paint.accent(plainLine(path))} (${change})${shown}`;
  });
  return `\nThe recipe ${name} has changed since you let it run. ${means}\n\n${diffs.join('\n\n')}\n`;
}

/** `recipe.ts (changed), cases/plain.yaml (new)`, or every file with its size when it never ran. */
async function summary({ files }: OwnRecipe, before?: ReadonlyMap<string, string>): Promise<string> {
  if (!before) {
    const all = [...files].map(([path, text]) => `${plainLine(path)} (${text.split('\n').length - 1} lines)`);
    return all.join(', ');
  }
  const { whatChanged } = await import('../own/what-changed.ts');
  return whatChanged(before, { files })
    .map(({ path, change }) => `${plainLine(path)} (${change})`)
    .join(', ');
}
