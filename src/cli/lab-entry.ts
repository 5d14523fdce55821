import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Target } from '../connect/connection.ts';
import { UserError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Context } from './context.ts';

/** Set for the hostwright that runs as the laptop of a lab: the lab's name. */
const INSIDE = 'HOSTWRIGHT_IN_LAB';

/** Whether the way to a host starts from this very process, and not from the laptop of a lab. */
export function isHere({ env }: Pick<Context, 'env'>, target: Target): boolean {
  return target.kind !== 'lab' || env[INSIDE] === target.name;
}

/**
 * Starts this very command again as the laptop of the lab, when one of the hosts is the box of a lab and this is
 * not the laptop yet: the lab's addresses exist nowhere else.
 * @returns the exit code from there; undefined when the work is to be done here
 * @throws {UserError} when no such lab runs, or the hosts are in more than one
 */
export async function enterLab(context: Context, hosts: readonly Host[]): Promise<number | undefined> {
  const names = new Set(hosts.flatMap(({ connect }) => (connect.kind === 'lab' ? [connect.name] : [])));
  const [name, second] = [...names];
  if (name === undefined || context.env[INSIDE] === name) return undefined;
  if (second !== undefined) {
    throw new UserError({
      message: `These hosts are in different labs (${[...names].join(', ')}), and one command can be in one lab only.`,
      hint: 'Run the command once for each lab, with --lab NAME.',
    });
  }
  const [{ readLab }, { laptopArgv }] = await Promise.all([
    import('../lab/state.ts'),
    import('../lab/enter.ts'),
  ]);
  const state = await readLab(name);
  const script = process.argv[1] ?? '';
  const again = ['env', `${INSIDE}=${name}`, process.execPath, ...process.execArgv, script, ...context.argv];
  context.passSignalsOn();
  return runThere(laptopArgv(state, again));
}

/** Runs a program on this terminal; signals are passed on (a doubled Ctrl-C counts once there). */
function runThere([program = '', ...words]: readonly string[]): Promise<number> {
  const child = spawn(program, words, { stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  process.on('SIGINT', pass);
  process.on('SIGTERM', pass);
  return new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  }).finally(() => {
    process.off('SIGINT', pass);
    process.off('SIGTERM', pass);
  });
}
