import type { RecipeSource } from '../../compose/catalogue.ts';
import { readTemplate } from '../../compose/templates.ts';
import { type Problem, UserError } from '../../errors.ts';
import { find } from '../failure.ts';
import type { OwnRecipe } from '../find.ts';
import { templatesOf } from '../templates-of.ts';
import { type Case, caseFiles, readCase } from './cases.ts';
import { checkComposition, problemsOf } from './composing.ts';
import { tryHostile } from './hostile.ts';
import { type SampleMachine, sampleMachines } from './machines.ts';

/** What a recipe of one's own came to. */
export interface Linted {
  readonly name: string;
  /** How many of its cases were composed. */
  readonly cases: number;
  readonly problems: readonly Problem[];
}

/**
 * Tries a recipe without a machine: its templates, each of its cases on both releases, the same again at another time,
 * and hostile text in each of its inputs. Runs the recipe: whoever calls has asked.
 * @param recipes where host files of cases find their recipes, this one among them
 */
export async function lintRecipe(own: OwnRecipe, recipes: RecipeSource): Promise<Linted> {
  const { name, shown, entry } = own;
  const machines = await sampleMachines();
  const texts = [...builtInModules(own), ...brokenTemplates(own)];
  try {
    await recipes.load(name);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { name, cases: 0, problems: [...texts, ...error.problems] };
  }
  const paths = caseFiles(own);
  const problems: Problem[] = [...texts];
  if (paths.length === 0) {
    problems.push({
      at: { file: `${shown}/${entry}` },
      message: 'the recipe has no case, so it cannot be tried',
      hint: `Write ${shown}/cases/plain.yaml:\n    about: the least that it takes\n    host: { host: attic, roles: { ${name}: {} } }`,
    });
  }
  for (const path of paths) {
    try {
      const example = await readCase(own, path, recipes);
      problems.push(...machines.flatMap((machine) => tryCase(own, example, machine)));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.problems);
    }
  }
  return { name, cases: paths.length, problems: unique(problems) };
}

function tryCase(own: OwnRecipe, { file, host }: Case, machine: SampleMachine): readonly Problem[] {
  const composed = problemsOf(() => checkComposition(host, machine, file)).map((problem) => ({
    ...problem,
    at: problem.at?.file === 'host.yaml' || !problem.at ? { file } : problem.at,
  }));
  if (composed.length > 0) return composed;
  return host.roles
    .filter(({ recipe }) => recipe === own.name)
    .flatMap((role) => problemsOf(() => tryHostile(host, role, machine, file)));
}

/** A recipe that reads files or the network is another one on another computer. */
function builtInModules(own: OwnRecipe): readonly Problem[] {
  return [...own.files].flatMap(([path, text]) => {
    const word = /\.[jt]s$/.test(path)
      ? /(?:from|import|require)\s*\(?\s*['"](node:[\w/]+)['"]/.exec(text)?.[1]
      : undefined;
    if (word === undefined) return [];
    return [
      {
        at: find(own, path, word),
        message: `it uses ${word}`,
        hint: 'A recipe reads no files and asks nobody: what it needs to know is an input, a folder() or a fact.',
      },
    ];
  });
}

function brokenTemplates(own: OwnRecipe): readonly Problem[] {
  return [...templatesOf(own)].flatMap(([name, text]) =>
    problemsOf(() => {
      readTemplate(`${own.shown}/templates/${name}.hbs`, text);
      return [];
    }),
  );
}

/** What is wrong on both releases is told once. */
function unique(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}
