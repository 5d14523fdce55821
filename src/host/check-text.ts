import type { RecipeSource } from '../compose/catalogue.ts';
import type { Role } from './host.ts';
import { portProblems } from './ports.ts';
import { raise } from './problems.ts';
import { readRoles } from './roles.ts';
import { readRoot } from './root.ts';
import { readSettings } from './settings.ts';
import { parseYaml } from './yaml.ts';

/**
 * Checks a host file that is not on the disk yet, in all but whether its folders are there.
 * @param directory where it will lie, absolute.
 * @returns its roles.
 * @throws {UserError} as `loadHost` does.
 */
export async function checkText(
  text: string,
  file: string,
  directory: string,
  recipes: RecipeSource,
): Promise<readonly Role[]> {
  const parsed = parseYaml(text, file);
  const root = readRoot(parsed, file);
  const { name, findings } = readSettings(root, directory, true);
  const { roles, problems } = await readRoles(root, recipes);
  raise(parsed, [...findings, ...problems, ...portProblems(roles, name ?? '', [])]);
  return roles;
}
