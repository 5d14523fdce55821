import { builtInCatalogue, type RecipeSource } from '../compose/catalogue.ts';
import { UserError } from '../errors.ts';
import { hashFolders, listFolders } from './folders.ts';
import type { Host } from './host.ts';
import { readRoles } from './roles.ts';
import { readRoot } from './root.ts';
import { readSettings } from './settings.ts';
import { parseYaml } from './yaml.ts';

/**
 * Reads a host file that was applied earlier, as this version understands it, with the recipes and folders of `host`.
 * @returns undefined when it has mistakes by now: keys that are gone, recipes that are called otherwise
 */
export async function loadApplied(text: string, host: Host): Promise<Host | undefined> {
  try {
    const parsed = parseYaml(text, host.file);
    const root = readRoot(parsed, host.file);
    const { name, network, findings } = readSettings(root, host.directory, false);
    const recipes = recipesOf(host);
    const { roles, problems } = await readRoles(root, recipes);
    if (name === undefined || parsed.problems.length + findings.length + problems.length > 0)
      return undefined;
    const listed = await listFolders(roles, host.directory, new Set());
    const there = listed.folders.filter((folder) => !host.folders.has(folder.name));
    const { folders } = await hashFolders(there);
    const templates = await Promise.all(
      roles.map(async ({ recipe }) =>
        [...(await recipes.templates(recipe))].map(
          ([file, content]) => [`${recipe}/${file}`, content] as const,
        ),
      ),
    );
    return {
      ...host,
      ...{ text, name, network, roles },
      folders: new Map([...folders, ...host.folders]),
      templates: new Map([...templates.flat(), ...host.templates]),
    };
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** The host's recipes, its own among them; for others those that come with hostwright. */
function recipesOf({ roles, catalogue }: Host): RecipeSource {
  const builtIn = catalogue ?? builtInCatalogue();
  const own = new Map(roles.map(({ recipe, definition }) => [recipe, definition]));
  return {
    names: () => builtIn.names(),
    load: async (name) => own.get(name) ?? builtIn.load(name),
    templates: (name) => builtIn.templates(name),
  };
}
