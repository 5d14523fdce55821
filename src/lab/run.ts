/** Programs of this computer, run for the lab. An argument vector goes in, never a line of shell. */
import { spawn } from 'node:child_process';
import { HostError } from '../errors.ts';

export interface RunOptions {
  /** What the program reads; nothing by default. */
  readonly input?: string;
  /** Milliseconds after which it is ended; no limit by default. */
  readonly timeoutMs?: number;
  /** Ends the program when aborted. */
  readonly signal?: AbortSignal;
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunResult {
  /** Exit code; 128 and more when a signal ended it, as shells say it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end and gives what it said; a code other than 0 is a result, not an error. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' }),
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A program that does not read its input is no fault.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({
        code: code ?? 137,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      });
    });
  });
}

/**
 * Runs a program that has to succeed, and gives its stdout.
 * @throws {HostError} that begins with `purpose` and carries what the program said.
 */
export async function must(
  purpose: string,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(argv, options);
  if (code === 0) return stdout;
  throw new HostError(`${purpose} failed: ${argv[0] ?? ''} ended with ${code}`, {
    output: lastLines(stderr || stdout, 12),
  });
}

/**
 * A command line whose process is killed when hostwright dies, however that happens; not the processes it starts.
 * Where sudo stands between, the kernel forgets it (prctl(2), PR_SET_PDEATHSIG).
 */
export function mortal(argv: readonly string[]): string[] {
  return ['setpriv', '--pdeathsig', 'KILL', '--', ...argv];
}

/** The end of a text, where programs say what went wrong. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
