import type { OwnRecipe } from './find.ts';

/** The templates of a recipe by their names: `templates/a/b.hbs` is `a/b`. */
export function templatesOf({ files }: OwnRecipe): ReadonlyMap<string, string> {
  return new Map(
    [...files].flatMap(([path, text]) => {
      const name = /^templates\/(.+)\.hbs$/.exec(path)?.[1];
      return name === undefined ? [] : [[name, text] as const];
    }),
  );
}
