import type { RecipeSource } from '../compose/catalogue.ts';
import type { Exposure, HostNetwork, Recipe } from '../compose/recipe.ts';
import type { Target } from '../connect/connection.ts';
import type { SourcePosition } from '../errors.ts';
import type { Folder } from './folder.ts';

/** One use of a recipe in a host file, its inputs validated by the recipe's own schema. */
export interface Role {
  readonly name: string;
  /** The recipe's name; its folder below `recipes/`. */
  readonly recipe: string;
  readonly definition: Recipe;
  readonly expose: Exposure;
  readonly input: Readonly<Record<string, unknown>>;
  /** Where the role (or a key of it, by path below the role) stands in the host file. */
  at(...path: readonly (string | number)[]): SourcePosition;
}

/** A host file that has been read and found valid. */
export interface Host {
  /** As the user named it, for messages. */
  readonly file: string;
  /** Folder of the host file: relative paths in it count from here. */
  readonly directory: string;
  /** The host file's text; absent for a host without one. */
  readonly text?: string;
  readonly name: string;
  readonly connect: Target;
  /** The file with personal settings that the connection was taken from as well: `host.local.yaml`. */
  readonly connectFrom?: string;
  readonly network: HostNetwork;
  /** In the order of the file. */
  readonly roles: readonly Role[];
  /** Every folder named by an input made with `folder()`, by the path as written. */
  readonly folders: ReadonlyMap<string, Folder>;
  /** Where its recipes come from, when some of them lie beside the host file. */
  readonly catalogue?: RecipeSource;
  /** Every template of the recipes in use, by `<recipe>/<name>`. */
  readonly templates: ReadonlyMap<string, string>;
}
