import type { Target } from '../connect/connection.ts';
import { type Problem, UserError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Context } from './context.ts';

/**
 * Loads every host file, with `--connect` and `--lab` in the place of what they say.
 * @param mayLack with `--connect`, no host file at all is a host without roles
 * @throws {UserError} with every mistake of every file
 */
export async function loadHosts(
  { cwd, globals }: Context,
  files: readonly string[],
  mayLack: boolean,
): Promise<readonly Host[]> {
  const { connect, lab } = globals;
  if (connect !== undefined && mayLack && files.length === 0) {
    const { parseTarget } = await import('../host/target.ts');
    return [bareHost(cwd, parseTarget(connect), lab)];
  }
  const [{ loadHost }, { builtInCatalogue }] = await Promise.all([
    import('../host/load.ts'),
    import('../compose/catalogue.ts'),
  ]);
  const options = {
    cwd,
    recipes: builtInCatalogue(),
    ...(connect === undefined ? {} : { connect }),
    ...(lab === undefined ? {} : { lab }),
  };
  const named = files.length > 0 ? files : ['host.yaml'];
  const results = await Promise.allSettled(named.map((file) => loadHost(file, options)));
  const problems = results.flatMap(problemsOf);
  if (problems.length > 0) throw new UserError(problems);
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/** @throws what is not a mistake of the user's */
function problemsOf(result: PromiseSettledResult<Host>): readonly Problem[] {
  if (result.status === 'fulfilled') return [];
  if (result.reason instanceof UserError) return result.reason.problems;
  throw result.reason;
}

function bareHost(cwd: string, target: Target, lab: string | undefined): Host {
  return {
    file: '',
    directory: cwd,
    name: target.kind === 'ssh' ? target.host : target.kind,
    connect: target.kind === 'lab' && lab !== undefined ? { ...target, name: lab } : target,
    network: { lan: [] },
    roles: [],
    folders: new Map(),
    templates: new Map(),
  };
}
