import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeSchema } from '../../wizard/init.ts';
import type { Context } from '../context.ts';
import { quietCatalogue, withoutUntrusted } from '../own-recipes.ts';

/** Lets the editor know of recipes that came or changed, where `init` has told it of the others. */
export async function refreshSchema(context: Context): Promise<void> {
  const { cwd } = context;
  if (!existsSync(join(cwd, '.hostwright/schema.json'))) return;
  const recipes = withoutUntrusted(await quietCatalogue(context, cwd), () => undefined);
  await writeSchema({ directory: cwd, recipes });
}
