import { safeParse } from 'zod';
import type { RecipeSource } from '../compose/catalogue.ts';
import { kindOf, show } from '../compose/complaint.ts';
import type { Recipe } from '../compose/recipe.ts';
import { didYouMean } from '../suggest.ts';
import type { Role } from './host.ts';
import { type Finding, label, type Scope, unknownKey, type Validated, validate } from './issues.ts';
import { exposeSchema, ROLE_KEYS, recipeSchema, roleNameSchema, tlsSchema } from './schema.ts';
import { type Entry, locateKey, locateValue, type MapTree, type Tree, toValue } from './tree.ts';

/** Roles that are valid by themselves, and what is wrong with the others. */
export interface RolesRead {
  readonly roles: readonly Role[];
  /** The valid inputs of roles that have others which are not: the folders they name are looked for all the same. */
  readonly refused: readonly RoleInputs[];
  readonly problems: readonly Finding[];
}

export type RoleInputs = Pick<Role, 'name' | 'definition' | 'input' | 'at'>;

/** Reads `roles:`; each role is held against its recipe's own schema. */
export async function readRoles(root: MapTree, source: RecipeSource): Promise<RolesRead> {
  const roles = root.entries.get('roles')?.value;
  if (!roles || (roles.kind === 'scalar' && roles.value === null))
    return { roles: [], refused: [], problems: [] };
  if (roles.kind !== 'map') {
    const message = `roles: a group of keys is expected, one for each role, not ${kindOf(toValue(roles))}`;
    return { roles: [], refused: [], problems: [{ at: roles.at, message }] };
  }
  const read: Role[] = [];
  const refused: RoleInputs[] = [];
  const problems: Finding[] = [];
  for (const [name, entry] of roles.entries) {
    const role = await readRole(root, name, entry, source);
    if ('value' in role) read.push(role.value);
    else problems.push(...role.problems);
    if ('problems' in role && role.inputs) refused.push(role.inputs);
  }
  return { roles: read, refused, problems };
}

async function readRole(
  root: Tree,
  name: string,
  { keyAt, value: tree }: Entry,
  source: RecipeSource,
): Promise<Validated<Role> & { readonly inputs?: RoleInputs }> {
  const path = ['roles', name];
  const at: Role['at'] = (...below) => locateKey(root, [...path, ...below]);
  const named = validate(roleNameSchema, name, { root, path });
  const misnamed = 'problems' in named ? named.problems.map((problem) => ({ ...problem, at: keyAt })) : [];
  const written = tree.kind === 'scalar' && tree.value === null ? {} : toValue(tree);
  if (!isGroup(written)) {
    const message = `${label(path)}: a group of keys is expected, not ${kindOf(written)}`;
    const hint = hintForWord(name, written, source);
    return { problems: [...misnamed, { at: tree.at, message, ...(hint === undefined ? {} : { hint }) }] };
  }
  const chosen = await findRecipe(root, name, written, source);
  if ('problems' in chosen) return { problems: [...misnamed, ...chosen.problems] };
  const { recipe, definition } = chosen.value;
  const input = readInputs(definition, written, { root, path });
  const expose = readExpose(definition, written, { root, path });
  const problems = [...misnamed, ...problemsOf(input), ...problemsOf(expose)];
  if ('problems' in input || 'problems' in expose || problems.length > 0)
    return { problems, inputs: { name, definition, at, input: validInputs(definition, written) } };
  return {
    value: {
      name,
      recipe,
      definition,
      expose: expose.value,
      input: input.value,
      at,
    },
  };
}

/** `blog: site` is how `init --set` has it. */
function hintForWord(role: string, written: unknown, source: RecipeSource): string | undefined {
  const isRecipe = source.names().some((known) => known === written);
  return isRecipe ? `Write it as a group: ${role}: { recipe: ${written} }.` : undefined;
}

type Group = Readonly<Record<string, unknown>>;

async function findRecipe(
  root: Tree,
  role: string,
  written: Group,
  source: RecipeSource,
): Promise<Validated<{ recipe: string; definition: Recipe }>> {
  const path = ['roles', role, 'recipe'];
  const named = validate(recipeSchema, written.recipe, { root, path });
  if ('problems' in named) return named;
  const recipe = named.value ?? role;
  const definition = await source.load(recipe);
  if (definition) return { value: { recipe, definition } };
  const hint = didYouMean(recipe, source.names(), 'The recipes are');
  const message =
    named.value === undefined
      ? `${label(path.slice(0, 2))}: there is no recipe ${show(role)}, and the role names no other`
      : `${label(path)}: there is no recipe ${show(recipe)}`;
  return {
    problems: [{ at: locateValue(root, named.value === undefined ? path.slice(0, 2) : path), message, hint }],
  };
}

function readInputs(definition: Recipe, written: Group, scope: Scope): Validated<Group> {
  const inputs = Object.fromEntries(Object.entries(written).filter(([key]) => !isRoleKey(key, definition)));
  const known = [...new Set([...Object.keys(definition.inputs.shape), ...roleKeys(definition)])];
  const unknown = Object.keys(inputs).filter((key) => !Object.hasOwn(definition.inputs.shape, key));
  const strangers = unknown.map((key) => unknownKey(scope.root, [...scope.path, key], known));
  const rest = Object.fromEntries(Object.entries(inputs).filter(([key]) => !unknown.includes(key)));
  const read = validate(definition.inputs, rest, scope);
  const problems = [...strangers, ...problemsOf(read)];
  return 'problems' in read || problems.length > 0 ? { problems } : read;
}

/** Those inputs that are valid each by itself. */
function validInputs({ inputs }: Recipe, written: Group): Group {
  return Object.fromEntries(
    Object.entries(inputs.shape).flatMap(([key, schema]) => {
      const { data } = safeParse(schema, written[key]);
      return data === undefined ? [] : [[key, data]];
    }),
  );
}

function readExpose(definition: Recipe, written: Group, { root, path }: Scope): Validated<Role['expose']> {
  if (definition.exposable === false) {
    const out = ['expose', 'tls'].filter((key) => Object.hasOwn(written, key));
    const problems = out.map((key) => ({
      at: locateKey(root, [...path, key]),
      message: `${label([...path, key])}: this role serves nothing by itself`,
      hint: `Take ${key} out here.`,
    }));
    return problems.length > 0 ? { problems } : { value: 'host' };
  }
  const tls = speaksTls(definition)
    ? { value: undefined }
    : validate(tlsSchema, written.tls, { root, path: [...path, 'tls'] });
  const expose = validate(exposeSchema, written.expose, { root, path: [...path, 'expose'] });
  const noTls = problemsOf(tls).map((problem) => ({
    ...problem,
    hint: 'Leave tls out here.',
  }));
  const problems = [...noTls, ...problemsOf(expose)];
  return problems.length > 0 || 'problems' in expose ? { problems } : expose;
}

function roleKeys({ exposable }: Recipe): readonly string[] {
  return exposable === false ? ['recipe'] : ROLE_KEYS;
}

function problemsOf(validated: Validated<unknown>): readonly Finding[] {
  return 'problems' in validated ? validated.problems : [];
}

const isRoleKey = (key: string, definition: Recipe): boolean =>
  ROLE_KEYS.some((known) => known === key) && !(key === 'tls' && speaksTls(definition));

/** Its recipe has an input of its own for where the certificate comes from (`tlsInput()`). */
const speaksTls = ({ inputs }: Recipe): boolean => Object.hasOwn(inputs.shape, 'tls');

const isGroup = (value: unknown): value is Group =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
