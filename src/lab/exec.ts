/** Running commands inside the machines of a lab, past the network. */
import { spawn } from 'node:child_process';
import { UserError } from '../errors.ts';
import { leader } from './cgroup.ts';
import { isNode, NODES, type NodeName } from './places.ts';
import { asRoot } from './root.ts';
import { type RunOptions, type RunResult, run } from './run.ts';
import { readLab } from './state.ts';

export interface LabExecOptions {
  readonly name: string;
  readonly node: string;
  readonly argv: readonly string[];
  /** `inherit` passes this process's own streams; it is the default. */
  readonly stdio?: 'inherit' | 'ignore';
}

/**
 * Runs a command as root in a machine, with the machine's own programs and files, and gives its exit code
 * (128 + the signal's number if one ended it).
 * @throws {UserError} for a machine that there is not, and when the lab does not run.
 */
export async function labExec({ name, node, argv, stdio = 'inherit' }: LabExecOptions): Promise<number> {
  const [program = '', ...args] = asRoot(await enterArgv(name, node, argv));
  const child = spawn(program, args, { stdio });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 137));
  });
}

/** The same, with what the command printed; for tests and for hostwright itself. */
export async function labCapture(
  { name, node, argv }: Omit<LabExecOptions, 'stdio'>,
  options: RunOptions = {},
): Promise<RunResult> {
  return run(asRoot(await enterArgv(name, node, argv)), options);
}

async function enterArgv(name: string, node: string, argv: readonly string[]): Promise<string[]> {
  if (!isNode(node)) {
    throw new UserError({ message: `The lab has no machine "${node}"`, hint: `It has: ${NODES.join(', ')}` });
  }
  await readLab(name);
  return machineArgv(name, node, argv);
}

/** The command line that runs `argv` inside a machine, for root. */
export function machineArgv(name: string, node: NodeName, argv: readonly string[]): string[] {
  const pid = leader(name, node);
  if (pid === undefined) {
    throw new UserError({
      message: `The machine ${node} of the lab ${name} is switched off`,
      hint: 'Bring the lab up anew: hostwright lab down, then hostwright lab up',
    });
  }
  const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--root', '--wdns=/root'];
  const enter = ['nsenter', `--target=${pid}`, ...namespaces, '--no-fork'];
  return [...enter, 'env', '--ignore-environment', ...ENVIRONMENT, 'sh', '-c', START, 'sh', ...argv];
}

/**
 * The shell forks, since the pid namespace counts for children only. nsenter would do that too, but it stops itself
 * when its child is stopped, and a machine that shuts down stops all its processes for a moment (kill(-1, SIGSTOP)):
 * it would then wait for ever for a child that nobody reaps.
 */
const START = '"$@"; exit "$?"';

const ENVIRONMENT = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'USER=root',
  'LOGNAME=root',
  'SHELL=/bin/sh',
  'LANG=C.UTF-8',
  `TERM=${process.env.TERM ?? 'dumb'}`,
];
