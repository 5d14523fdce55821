import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Release } from '../lab/places.ts';
import { type ScenarioName, scenarioName } from '../lab/scenarios.ts';
import type { Stage } from '../rehearse/stage.ts';
import type { Context } from './context.ts';
import type { EarlyConnection } from './early-connection.ts';
import { loadHosts } from './load-hosts.ts';

/** As typed. */
export interface RehearseOptions {
  readonly release: Release;
  readonly before?: string;
  readonly keep: boolean;
  readonly driver: string;
  readonly scenario?: string;
}

/** What the hostwright outside tells the one that it starts as the lab's laptop. */
export interface Inside {
  readonly lab: string;
  /** Stages that are done. */
  readonly stages: readonly Stage[];
}

/**
 * The scenario to play; undefined for an ordinary home.
 * @throws {UserError} for what there is not.
 */
export function requirePossible({ driver, scenario }: RehearseOptions): ScenarioName | undefined {
  if (driver !== 'nspawn') {
    const known = driver === 'vagrant';
    throw new UserError({
      message: known ? '--driver vagrant is not there yet.' : `--driver ${driver}: there is no such driver.`,
      hint: 'Leave --driver out: machines are systemd-nspawn containers (nspawn).',
    });
  }
  return scenario === undefined ? undefined : scenarioName(scenario);
}

/**
 * The host with the box of this lab in the place of its connection, and nothing else replaced. Inside the lab the
 * connection has been begun too: whoever gets it has to use it or to drop it.
 */
export async function loadForLab(
  context: Context,
  file: string | undefined,
  lab: string,
): Promise<[Context, Host, EarlyConnection | undefined]> {
  const inLab: Context = { ...context, globals: { ...context.globals, connect: 'lab', lab } };
  const {
    hosts: [host],
    early,
  } = await loadHosts(inLab, file === undefined ? [] : [file], false);
  if (!host) throw new Error('A host file was named and none was loaded');
  return [inLab, host, early];
}

/** @throws {UserError} when the script cannot be read. */
export async function readBefore({ cwd }: Context, { before }: RehearseOptions): Promise<string | undefined> {
  if (before === undefined) return undefined;
  return readFile(resolve(cwd, before), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UserError({
      message: `--before ${before}: the script cannot be read (${error.code ?? error.message}).`,
      hint: 'Name a file with shell in it; relative to the folder that you are in.',
    });
  });
}
