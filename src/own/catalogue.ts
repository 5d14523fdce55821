import { builtInCatalogue, type RecipeSource } from '../compose/catalogue.ts';
import type { Recipe } from '../compose/recipe.ts';
import { findOwnRecipes, type OwnRecipe } from './find.ts';
import { templatesOf } from './templates-of.ts';

/** What {@link openCatalogue} needs. */
export interface CatalogueOptions {
  /** Absolute: the folder of the host file. */
  readonly directory: string;
  /** The same for messages; empty for the folder that the user is in. */
  readonly shown: string;
  /**
   * Called before a recipe's own code runs for the first time.
   * @throws {UserError} when it may not
   */
  gate(recipe: OwnRecipe): Promise<void>;
}

/** Recipes that come with hostwright, and those beside the host file, which stand before them. */
export interface Catalogue extends RecipeSource {
  readonly own: ReadonlyMap<string, OwnRecipe>;
  /** Whether a recipe of one's own stands in the place of one that comes with hostwright. */
  shadows(name: string): boolean;
  /**
   * Asks whether a recipe of one's own may run, without running it.
   * @throws {UserError} when it may not
   */
  admit(name: string): Promise<void>;
}

/**
 * Opens the catalogue for a host file. Nothing of the folder runs until it is asked for by name.
 * @throws {UserError} when `recipes/` holds what cannot be recipes
 */
export async function openCatalogue({ directory, shown, gate }: CatalogueOptions): Promise<Catalogue> {
  const builtIn = builtInCatalogue();
  const own = await findOwnRecipes(directory, shown);
  const known = new Set(builtIn.names());
  const loaded = new Map<string, Promise<Recipe>>();
  const loadOwn = (recipe: OwnRecipe): Promise<Recipe> => {
    const before = loaded.get(recipe.name);
    if (before) return before;
    const loading = gate(recipe).then(() => run(recipe, known.has(recipe.name)));
    loaded.set(recipe.name, loading);
    return loading;
  };
  return {
    own,
    shadows: (name) => own.has(name) && known.has(name),
    admit: async (name) => {
      const recipe = own.get(name);
      if (recipe) await gate(recipe);
    },
    names: () => [...new Set([...known, ...own.keys()])].sort(),
    load: (name) => {
      const recipe = own.get(name);
      return recipe ? loadOwn(recipe) : builtIn.load(name);
    },
    templates: async (name) => {
      const recipe = own.get(name);
      return recipe ? templatesOf(recipe) : builtIn.templates(name);
    },
  };
}

/** Runs a recipe that may run, and holds it against what a recipe is. */
export async function run(recipe: OwnRecipe, shadows: boolean): Promise<Recipe> {
  const [{ importOwn }, { asRecipe }, { guarded }] = await Promise.all([
    import('./load-module.ts'),
    import('./shape.ts'),
    import('./guarded.ts'),
  ]);
  return guarded(recipe, asRecipe(recipe, await importOwn(recipe)), shadows);
}
