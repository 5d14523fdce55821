/** Becoming root for what the lab needs, and starting parts of hostwright as processes of their own. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HostError, UserError } from '../errors.ts';
import { packageRoot } from '../package-root.ts';

export const isRoot = (): boolean => process.geteuid?.() === 0;

/** The same command as root. sudo asks for a password on the terminal if it has to. */
export function asRoot(argv: readonly string[]): string[] {
  return isRoot() ? [...argv] : ['sudo', '--', ...argv];
}

/** How to start the lab's second entry, `helper.ts`, with these arguments: from the sources or from the bundle. */
export function helperArgv(args: readonly string[]): string[] {
  const source = join(packageRoot(), 'src/lab/helper.ts');
  if (import.meta.url.endsWith('.ts') && existsSync(source)) {
    return [process.execPath, '--import', import.meta.resolve('tsx'), source, ...args];
  }
  return [process.execPath, join(packageRoot(), 'dist/lab-helper.js'), ...args];
}

/** How this computer reaches Debian's servers, as `NAME=value`: sudo and other programs between would drop it. */
export function proxySettings(env: Readonly<Record<string, string | undefined>> = process.env): string[] {
  return PROXY_VARIABLES.flatMap((name) => (env[name] ? [`${name}=${env[name]}`] : []));
}

const PROXY_VARIABLES = ['http_proxy', 'HOSTWRIGHT_UPSTREAM_PROXY'];

/** The person who started hostwright, also when sudo stands between. */
export function caller(): { readonly uid: number; readonly gid: number } {
  const uid = Number(process.env.SUDO_UID);
  const gid = Number(process.env.SUDO_GID);
  if (isRoot() && Number.isInteger(uid) && Number.isInteger(gid)) return { uid, gid };
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

/** A line that the helper prints: something to report, or why it failed. */
export type HelperLine =
  | { readonly report: string }
  | {
      readonly failed: {
        readonly yours: boolean;
        readonly message: string;
        readonly hint?: string | undefined;
        readonly output?: string | undefined;
      };
    };

/**
 * Runs a verb of the helper as root and passes on what it reports.
 * @throws {UserError} or {@link HostError} as the verb did.
 */
export async function asHelper(
  args: readonly string[],
  report: (text: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const [program = '', ...rest] = asRoot(['env', ...proxySettings(), ...helperArgv(args)]);
  const child = spawn(program, rest, { stdio: ['inherit', 'pipe', 'inherit'] });
  // On a terminal Ctrl-C reaches it by itself; it may be told twice.
  const stop = (): void => void child.kill('SIGINT');
  signal?.addEventListener('abort', stop);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 137));
  });
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const said = JSON.parse(line) as HelperLine;
      if ('report' in said) report(said.report);
      else throw asError(said.failed);
    }
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  const code = await ended;
  if (code !== 0) throw new HostError(`hostwright lab ${args[0] ?? ''} failed as root, with code ${code}`);
}

function asError(failed: Extract<HelperLine, { failed: unknown }>['failed']): UserError | HostError {
  const { yours, message, hint, output } = failed;
  if (yours) return new UserError({ message });
  return new HostError(message, {
    ...(hint === undefined ? {} : { hint }),
    ...(output === undefined ? {} : { output }),
  });
}
