import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { builtInCatalogue } from '../../compose/catalogue.ts';
import { UserError } from '../../errors.ts';
import { writeEditorTypes } from '../../own/editor-types.ts';
import { findOwnRecipes, isOurs } from '../../own/find.ts';
import { firstRecipe } from '../../own/make.ts';
import { shadowing } from '../../own/shadowing.ts';
import { trust, trustFolder } from '../../own/trust.ts';
import { plainLine } from '../../ui/plain-text.ts';
import { writeGitignore } from '../../wizard/write.ts';
import type { Context } from '../context.ts';
import { refreshSchema } from './refresh-schema.ts';

/**
 * `hostwright recipes new NAME`. What it writes is hostwright's own text, so it may run at once; whatever is changed in
 * it later is asked for, like every other recipe.
 * @throws {UserError} for a name that is none or taken
 */
export async function newRecipe(name: string, context: Context): Promise<void> {
  const { cwd, env, globals, say, warn, json } = context;
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) {
    throw new UserError({
      message: `‘${plainLine(name)}’ is not a name for a recipe.`,
      hint: 'Small letters, digits and hyphens, at most 40, a letter first.',
    });
  }
  if (await isOurs(cwd)) {
    throw new UserError({
      message: 'This is the folder of hostwright itself, where recipes are built in.',
      hint: 'For a recipe of your own go to the folder of your host file; for a built-in one see CONTRIBUTING.md.',
    });
  }
  const folder = join(cwd, 'recipes', name);
  if (existsSync(folder)) {
    throw new UserError({
      message: `There is already recipes/${name} here.`,
      hint: 'Nothing was touched. Edit it, or take another name.',
    });
  }
  const files = firstRecipe(name);
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { flag: 'wx' });
  }
  const made = (await findOwnRecipes(cwd, '')).get(name);
  if (made) await trust(trustFolder(env), made);
  await writeEditorTypes(cwd);
  await writeGitignore(cwd);
  await refreshSchema(context);
  const paths = [...files.keys()].map((path) => `recipes/${name}/${path}`);
  if (globals.json) return json({ v: 1, recipe: name, files: paths });
  for (const path of paths) warn(`Wrote ${path}.`);
  if (made && builtInCatalogue().names().includes(name)) warn(shadowing(made));
  say(`Try it:   hostwright recipes lint ${name}`);
  say(`Use it:   roles: { ${name}: { text: "Hello." } } in host.yaml, then hostwright plan`);
}
