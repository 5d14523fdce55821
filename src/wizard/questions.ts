import { safeParse } from 'zod';
import type { RecipeSource } from '../compose/catalogue.ts';
import { inputMeta } from '../compose/input-meta.ts';
import type { Recipe } from '../compose/recipe.ts';
import { UserError } from '../errors.ts';
import { type Answers, fromWords, Words } from './answers.ts';
import { askConnect, nameFor } from './ask-connect.ts';
import { askGuards, asOffered } from './ask-guards.ts';
import { askInput, understand } from './ask-input.ts';
import type { Prompts } from './prompts.ts';

/** A role as it will be written. */
export interface DraftRole {
  readonly name: string;
  readonly recipe: string;
  /** Absent for a recipe that there is none of: reported when the whole is checked. */
  readonly definition?: Recipe;
  /** Without `recipe`. */
  readonly values: ReadonlyMap<string, unknown>;
}

/** A host file that has not been written yet. */
export interface Draft {
  readonly host: unknown;
  readonly connect: unknown;
  readonly network: unknown;
  readonly roles: readonly DraftRole[];
}

export interface WizardOptions {
  readonly recipes: RecipeSource;
  /** Absent: nobody can be asked. */
  readonly prompts?: Prompts;
  /** Name of the machine that hostwright runs on. */
  readonly thisMachine: string;
}

/**
 * Puts the questions that the answers leave open, in the order: which machine, what it should be, that recipe's own,
 * who may reach it, what guards it.
 * @throws {UserError} naming every answer that is needed, when nobody can be asked.
 */
export async function completeAnswers(answers: Answers, options: WizardOptions): Promise<Draft> {
  const { prompts, thisMachine } = options;
  const missing: Missing[] = [];
  const connect = answers.connect ?? (prompts ? await askConnect(prompts) : undefined);
  if (connect === undefined) missing.push(['connect', 'which machine is it?', 'connect=pi@192.168.1.20']);
  const menu = await readMenu(options.recipes);
  const wanted = await chooseRoles(answers, menu, options, missing);
  const roles: DraftRole[] = [];
  for (const [name, given] of wanted) roles.push(await completeRole(name, given, options, missing));
  const guards = menu.filter(
    ({ name, recipe }) =>
      recipe.stage === 'guard' && !answers.roles.has(name) && !roles.some((role) => role.recipe === name),
  );
  for (const guard of prompts ? await askGuards(guards, prompts) : guards.map(asOffered)) roles.push(guard);
  if (missing.length > 0) throw new UserError(missing.map(toProblem));
  return { host: answers.host ?? nameFor(connect, thisMachine), connect, network: answers.network, roles };
}

type Missing = readonly [key: string, question: string, example: string];

function toProblem([key, question, example]: Missing) {
  return { message: `an answer is missing: ${key} (${question})`, hint: `Give it with --set ${example}` };
}

export interface MenuEntry {
  readonly name: string;
  readonly recipe: Recipe;
}

const isGuard = ({ recipe }: MenuEntry): boolean => recipe.stage === 'guard';

/** What the wizard offers, in the order of `menu`. */
async function readMenu(source: RecipeSource): Promise<readonly MenuEntry[]> {
  const loaded = await Promise.all(
    source.names().map(async (name) => ({ name, recipe: await source.load(name) })),
  );
  return loaded
    .flatMap(({ name, recipe }) => (recipe?.menu === undefined ? [] : [{ name, recipe, place: recipe.menu }]))
    .sort((a, b) => a.place - b.place);
}

type Given = ReadonlyMap<string, unknown>;

async function chooseRoles(
  { roles }: Answers,
  menu: readonly MenuEntry[],
  { prompts }: WizardOptions,
  missing: Missing[],
): Promise<ReadonlyMap<string, Given>> {
  const given = new Map(
    [...roles].flatMap(([name, role]) => (role === false ? [] : [[name, role] as const])),
  );
  const guards = menu.filter(isGuard).map(({ name }) => name);
  if ([...given.keys()].some((name) => !guards.includes(name))) return given;
  const services = menu.filter((entry) => !isGuard(entry) && roles.get(entry.name) !== false);
  if (!prompts) {
    const names = services.map(({ name }) => name).join(', ');
    missing.push(['roles', `what should it be? there is: ${names}`, `${services[0]?.name ?? 'site'}=yes`]);
    return given;
  }
  const choices = services.map(({ name, recipe: { title, summary } }) => ({
    name: title,
    value: name,
    description: summary,
  }));
  const chosen = await prompts.select({ message: 'What should it be?', choices });
  return new Map([[chosen, new Map()], ...given]);
}

async function completeRole(
  name: string,
  given: Given,
  { recipes, prompts }: WizardOptions,
  missing: Missing[],
): Promise<DraftRole> {
  const said = given.get('recipe');
  const recipe = said instanceof Words ? said.text : typeof said === 'string' ? said : name;
  const definition = await recipes.load(recipe);
  const values = new Map<string, unknown>();
  for (const [key, value] of given) {
    const schema = definition?.inputs.shape[key];
    if (key !== 'recipe') values.set(key, schema ? understand(schema, value) : fromWords(value));
  }
  if (!definition) return { name, recipe, values };
  for (const [key, schema] of Object.entries(definition.inputs.shape)) {
    const { question, help, example } = inputMeta(schema);
    const absent = safeParse(schema, undefined);
    const needed = !absent.success;
    if (values.has(key) || (question === undefined && !needed)) continue;
    if (!prompts) {
      if (needed)
        missing.push([`${name}.${key}`, question ?? help ?? key, `${name}.${key}=${example ?? '…'}`]);
      else if (absent.data !== undefined) values.set(key, absent.data);
      continue;
    }
    const value = await askInput(key, schema, prompts);
    if (value !== undefined) values.set(key, value);
  }
  if (definition.exposable !== false && !values.has('expose'))
    values.set('expose', prompts ? await askExpose(prompts) : 'lan');
  return { name, recipe, definition, values };
}

function askExpose(prompts: Prompts): Promise<string> {
  return prompts.select({
    message: 'Who may reach it?',
    choices: [
      { name: 'the home network', value: 'lan' },
      { name: 'the internet', value: 'internet' },
      { name: 'only the machine itself', value: 'host' },
    ],
  });
}
