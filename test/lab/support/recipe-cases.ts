/** The cases of recipes, on a real machine: what their golden tests plan on paper is applied in a lab. */
import { randomBytes } from 'node:crypto';
import { stringify } from 'yaml';
import { builtInCatalogue } from '../../../src/compose/catalogue.ts';
import { casesOfRecipe, expectedPlan, readCase } from '../../recipes/cases.ts';
import { type Finished, hostwright, jsonLines, start, summaryOf } from './hostwright.ts';

/** One host file with the files beside it. */
export interface LabCase {
  /** `site/several.yaml` */
  readonly name: string;
  readonly roles: readonly string[];
  /** Files of a working folder, `host.yaml` among them. */
  readonly files: Readonly<Record<string, string>>;
  /** It comes to no change, so there is nothing to take back. */
  readonly idle?: boolean;
}

/**
 * Every case of every built-in recipe that comes to a plan with something in it. What a case shows of a machine in use, a
 * bare one of the lab does not show: it would only repeat the recipe's other cases.
 */
export function labCases(lab: string): readonly LabCase[] {
  return builtInCatalogue()
    .names()
    .flatMap((recipe) =>
      casesOfRecipe(recipe)
        .filter((example) => !/^(?:There is no plan|Nothing to change)/.test(expectedPlan(example)))
        .filter((example) => !readCase(example).facts.startsWith('busy-'))
        .map((example) => {
          const { host, files } = readCase(example);
          const idle = /^Nothing to change/m.test(expectedPlan(example));
          return { ...labCase(`${recipe}/${example.name}`, lab, host, files), idle };
        }),
    );
}

/** How a case is taken back, and where. */
export interface Turn {
  readonly example: LabCase;
  readonly release: 'bookworm' | 'trixie';
  readonly way: 'rollback' | 'remove';
}

/**
 * Each case once, a lone one twice, so that every recipe is taken back in both ways and on both releases: real machines are
 * slow, and a case is rarely undone otherwise on one release than on the other.
 */
export function inTurns(cases: readonly LabCase[]): readonly Turn[] {
  const recipeOf = ({ name }: LabCase) => name.slice(0, name.indexOf('/'));
  const recipes = [...new Set(cases.map(recipeOf))];
  const casesByRecipe = recipes.map((recipe) => cases.filter((example) => recipeOf(example) === recipe));
  return casesByRecipe.flatMap((own, place) =>
    Array.from({ length: Math.max(2, own.length) }, (_, turn) => own[turn % own.length]).flatMap(
      (example, turn): readonly Turn[] => {
        const release = (place + turn) % 2 === 0 ? 'bookworm' : 'trixie';
        // The third case is on the release of the first, and is taken back in the other way.
        const way = (turn + Math.floor(turn / 2)) % 2 === 0 ? 'rollback' : 'remove';
        return example ? [{ example, release, way }] : [];
      },
    ),
  );
}

/** The first case of each recipe; all of them with `HOSTWRIGHT_RELEASES=all`. */
export function oneOfEach<Case extends { readonly name: string }>(cases: readonly Case[]): readonly Case[] {
  if (process.env.HOSTWRIGHT_RELEASES === 'all') return cases;
  const recipeOf = ({ name }: Case) => name.slice(0, name.indexOf('/'));
  return cases.filter(
    (one, index) => !cases.slice(0, index).some((other) => recipeOf(other) === recipeOf(one)),
  );
}

/** A host file for a lab's box. */
export function labCase(
  name: string,
  lab: string,
  host: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>> = {},
): LabCase {
  const text = stringify({ ...host, connect: { lab } });
  return { name, roles: Object.keys((host.roles ?? {}) as object), files: { ...files, 'host.yaml': text } };
}

/** One change of `plan --json`. */
export interface PlannedId {
  readonly id: string;
  readonly kind: string;
  readonly conflict?: string;
}

/** Plans, takes over what was there before, applies without checking; gives what was changed. */
export async function applyCase(folder: string): Promise<readonly PlannedId[]> {
  let plan = await hostwright(['plan', '--json'], folder);
  // It says which secrets only the user can bring, one at a time.
  for (let asked: string | undefined; ; ) {
    const [, name] = /hostwright secrets set ([\w./-]+)/.exec(plan.stdout + plan.stderr) ?? [];
    if (plan.code !== 2 || name === undefined || name === asked) break;
    asked = name;
    await bringSecret(name, folder);
    plan = await hostwright(['plan', '--json'], folder);
  }
  if (plan.stdout === '') throw new Error(plan.stderr);
  const { changes } = JSON.parse(plan.stdout) as { changes: readonly PlannedId[] };
  const adopt = changes.filter(({ conflict }) => conflict === 'adopt').flatMap(({ id }) => ['--adopt', id]);
  await change(['apply', ...adopt, '--no-check'], folder);
  return changes;
}

/** Sets a secret as its user would; the value is one that every kind takes. */
export async function bringSecret(name: string, folder: string): Promise<void> {
  const value = randomBytes(32).toString('hex');
  const set = await start(['secrets', 'set', name], folder, {}, value).finished;
  if (set.code !== 0) throw new Error(explain(['secrets', 'set', name], set));
}

/** A verb that changes the host and has to succeed; gives its events. */
export async function change(
  words: readonly string[],
  folder: string,
): Promise<readonly Record<string, unknown>[]> {
  const finished = await hostwright([...words, '--yes', '--json'], folder);
  if (finished.code !== 0 || summaryOf(finished).failed !== 0) throw new Error(explain(words, finished));
  return jsonLines(finished.stdout);
}

function explain(words: readonly string[], { code, stdout, stderr }: Finished): string {
  return `hostwright ${words.join(' ')}: exit ${code}\n${stderr.slice(-3000)}\n${stdout.slice(-3000)}`;
}
