import { dirname, resolve } from 'node:path';
import type { Target } from '../connect/connection.ts';
import { type Problem, UserError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Context } from './context.ts';
import { connectEarly, type EarlyConnection } from './early-connection.ts';
import { isHere } from './lab-entry.ts';

/** Host files that were read, and the connection that was begun meanwhile. */
export interface LoadedHosts {
  readonly hosts: readonly Host[];
  readonly early?: EarlyConnection;
}

/**
 * Loads every host file, with `--connect` and `--lab` in the place of what they say.
 * @param mayLack with `--connect`, no host file at all is a host without roles
 * @throws {UserError} with every mistake of every file
 */
export async function loadHosts(
  context: Context,
  files: readonly string[],
  mayLack: boolean,
): Promise<LoadedHosts> {
  const { cwd, globals } = context;
  const { connect, lab } = globals;
  if (connect !== undefined && mayLack && files.length === 0) {
    const { parseTarget } = await import('../host/target.ts');
    return { hosts: [bareHost(cwd, parseTarget(connect), lab)] };
  }
  const [{ loadHost }, { askingCatalogues }] = await Promise.all([
    import('../host/load.ts'),
    import('./own-recipes.ts'),
  ]);
  const { isLocalName } = await import('../host/local-settings.ts');
  const named = files.length > 0 ? files.filter((file) => !isLocalName(file)) : ['host.yaml'];
  if (named.length === 0) throw onlyPersonal(files);
  let early: EarlyConnection | undefined;
  const options = {
    cwd,
    ...(connect === undefined ? {} : { connect }),
    ...(lab === undefined ? {} : { lab }),
    onTarget: (target: Target) => {
      if (named.length === 1 && isHere(context, target)) early = connectEarly(context, target);
    },
  };
  const catalogueOf = askingCatalogues(context);
  const results = await Promise.allSettled(
    named.map(async (file) =>
      loadHost(file, { ...options, recipes: await catalogueOf(dirname(resolve(cwd, file))) }),
    ),
  );
  const problems = results.flatMap(problemsOf);
  if (problems.length > 0) {
    early?.drop();
    throw new UserError(problems);
  }
  const hosts = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  return { hosts, ...(early ? { early } : {}) };
}

/** `*.yaml` names them too: beside host files they are left out. */
function onlyPersonal(files: readonly string[]): UserError {
  return new UserError({
    message: `${files.join(', ')}: personal connection settings, not a host file.`,
    hint: 'They are read by themselves with the host file beside them.',
  });
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
