import type { OwnRecipe } from './find.ts';

/** Said in every plan in which a recipe of one's own stands in the place of one of ours. */
export function shadowing({ name, shown }: Pick<OwnRecipe, 'name' | 'shown'>): string {
  return `The recipe ‘${name}’ is the one in ${shown}, in the place of the one that comes with hostwright.`;
}
