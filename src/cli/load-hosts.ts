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
  const [{ loadHost }, { parseTarget }] = await Promise.all([
    import(LOAD_TEMPORARY),
    import('../host/target.ts'),
  ]);
  const override = globals.connect === undefined ? undefined : parseTarget(globals.connect);
  if (override && mayLack && files.length === 0) return [bareHost(cwd, withLab(override, globals.lab))];
  const named = files.length > 0 ? files : ['host.yaml'];
  const results = await Promise.allSettled(named.map((file) => loadHost(file, { cwd })));
  const problems = results.flatMap(problemsOf);
  if (problems.length > 0) throw new UserError(problems);
  const hosts = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  return hosts.map((host) => ({ ...host, connect: withLab(override ?? host.connect, globals.lab) }));
}

/** @throws what is not a mistake of the user's */
function problemsOf(result: PromiseSettledResult<Host>): readonly Problem[] {
  if (result.status === 'fulfilled') return [];
  if (result.reason instanceof UserError) return result.reason.problems;
  throw result.reason;
}

function withLab(target: Target, lab: string | undefined): Target {
  return target.kind === 'lab' && lab !== undefined ? { ...target, name: lab } : target;
}

function bareHost(cwd: string, connect: Target): Host {
  return {
    file: '',
    directory: cwd,
    name: connect.kind === 'ssh' ? connect.host : connect.kind,
    connect,
    network: { lan: [] },
    roles: [],
    folders: new Map(),
    templates: new Map(),
  };
}

const LOAD_TEMPORARY: string = '../host/load.ts';
