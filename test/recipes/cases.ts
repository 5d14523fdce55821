import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { builtInCatalogue } from '../../src/compose/catalogue.ts';
import { compose } from '../../src/compose/compose.ts';
import { UserError } from '../../src/errors.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { factProbes } from '../../src/facts/registry.generated.ts';
import { loadHost } from '../../src/host/load.ts';
import { kindOf } from '../../src/observe/observe.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { renderPlanText } from '../../src/plan/render-text.ts';
import { type SecretSource, secretKey, unsavedSecrets } from '../../src/secrets/source.ts';
import { PLAIN } from '../../src/ui/paint.ts';
import { agentFolder } from '../fixtures/agent-folder.ts';
import { stateOfNothing } from '../resources/cases.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A recipe's case: a host file, and the machine that it meets. */
const format = z.strictObject({
  /** One line that says what the case shows. */
  about: z.string(),
  /** The host file: as text, or as what it holds. Without `connect` it gets one. */
  host: z.union([z.string(), z.record(z.string(), z.unknown())]),
  /** Local files beside the host file, by path. */
  files: z.record(z.string(), z.string()).default({}),
  /** Name of a machine in `test/fixtures/facts/`: what each fact's script printed there. */
  facts: z.string(),
  /** Files of the host that are there to hold the role's secrets as they are: a service that knows no verifiers. */
  stores: z.array(z.string()).default([]),
});

export interface RecipeCase {
  /** Path of the case without `.yaml`. */
  readonly path: string;
  readonly name: string;
  readonly about: string;
}

/** What a case asks for: the host file as what it holds, and the local files beside it. */
export interface CaseFiles {
  readonly host: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, string>>;
  /** Name of the machine that it is planned for. */
  readonly facts: string;
}

/** Reads a case, for trying it on a real machine. */
export function readCase({ path }: RecipeCase): CaseFiles {
  const { host, files, facts } = read(path);
  return { host: typeof host === 'string' ? (parse(host) as Record<string, unknown>) : host, files, facts };
}

/** The names of the secrets that the roles of a case ask for, and where on the host they may be. */
export async function secretsOfCase(example: RecipeCase): Promise<CaseSecrets> {
  const names = new Set<string>();
  const brought = new Set<string>();
  const { stores } = read(example.path);
  await composeCase(example, (name, wish) => {
    names.add(secretKey(name));
    if (wish.brought !== undefined) brought.add(secretKey(name));
    return unsavedSecrets(name, wish);
  });
  return { names: [...names], brought: [...brought], stores };
}

/** See {@link secretsOfCase}. */
export interface CaseSecrets {
  readonly names: readonly string[];
  /** Those that only the user can set. */
  readonly brought: readonly string[];
  readonly stores: readonly string[];
}

/** The plan that a case is expected to come to, as a person sees it. */
export function expectedPlan({ path }: RecipeCase): string {
  return readFileSync(`${path}.plan.txt`, 'utf8');
}

/** Every case of a built-in recipe, sorted. */
export function casesOfRecipe(recipe: string): readonly RecipeCase[] {
  const folder = join(root, 'recipes', recipe, 'cases');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => {
      const path = join(folder, file.slice(0, -'.yaml'.length));
      return { path, name: file, about: read(path).about };
    });
}

/**
 * The plan of a case as a person sees it, on a machine that has the facts of the case and none of its resources; or why
 * there is no plan.
 */
export async function planOfCase(example: RecipeCase): Promise<string> {
  try {
    const { host, composition } = await composeCase(example);
    const states = new Map(
      composition.resources.map(({ resource }) => [
        resource.id,
        stateOfNothing(kindOf(resource.kind), resource.spec),
      ]),
    );
    const plan = makePlan(
      host.name,
      composition,
      { states, remembered: new Map(), underway: new Set(), pending: [] },
      { adopt: [], onConflict: 'stop' },
    );
    return `${renderPlanText(plan, { paint: PLAIN, columns: 100, verbose: true })}\n`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `There is no plan:\n${error.message}\n`;
  }
}

async function composeCase({ path }: RecipeCase, secrets: SecretSource = unsavedSecrets) {
  const { host: written, files, facts } = read(path);
  const folder = await mkdtemp(join(tmpdir(), 'hostwright-case-'));
  try {
    await write(join(folder, 'host.yaml'), typeof written === 'string' ? written : stringify(written));
    for (const [file, content] of Object.entries(files)) await write(join(folder, file), content);
    const loaded = await loadHost('host.yaml', { cwd: folder, recipes: builtInCatalogue(), connect: 'lab' });
    const host = { ...loaded, folders: new Map([...loaded.folders, agentFolder]) };
    return { host, composition: compose(host, factsOf(facts), { closeUnlisted: false, secrets }) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function read(path: string): z.output<typeof format> {
  const result = format.safeParse(parse(readFileSync(`${path}.yaml`, 'utf8')));
  if (result.success) return result.data;
  throw new Error(`${path}.yaml is not a case: ${z.prettifyError(result.error)}`);
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

/** A fact that the machine was not asked for yet is unknown, as on a machine that does not answer it. */
export function factsOf(machine: string): Facts {
  const path = join(root, 'test/fixtures/facts', `${machine}.json`);
  const printed = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(path, 'utf8')));
  const facts = Object.entries(factProbes).map(([name, probe]) => [name, probe.parse(printed[name] ?? '')]);
  return Object.fromEntries(facts) as Facts;
}
