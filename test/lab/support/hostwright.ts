import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The command line as users start it. */
export const hostwrightBin = join(dirname(fileURLToPath(import.meta.url)), '../../../bin/hostwright.js');

/** How a run of the command line ended. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves once stdout or stderr contains `text`. */
  printed(text: string): Promise<void>;
}

/** Starts the real command line, as a user would, in a folder of its own. */
export function start(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
  input?: string,
): Started {
  const child = spawn(process.execPath, [hostwrightBin, ...args], {
    cwd,
    env: { ...process.env, HOME: cwd, NO_COLOR: '1', ...env },
    stdio: 'pipe',
  });
  // It may end without having read anything.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  let stdout = '';
  let stderr = '';
  const waiting: { text: string; resolve: () => void }[] = [];
  const look = (): void => {
    for (const { text, resolve } of waiting) if ((stdout + stderr).includes(text)) resolve();
  };
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk;
    look();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
    look();
  });
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    child,
    finished,
    printed: (text) =>
      new Promise((resolve, reject) => {
        waiting.push({ text, resolve });
        look();
        void finished.then((end) => {
          if (!(stdout + stderr).includes(text))
            reject(new Error(`never printed ‘${text}’: ${JSON.stringify(end)}`));
        });
      }),
  };
}

/** Runs the real command line to its end. */
export async function hostwright(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Finished> {
  return start(args, cwd, env).finished;
}

/** The JSON objects of `--json` output, one a line; throws on a line that is none, as a script would. */
export function jsonLines(stdout: string): Record<string, unknown>[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The last object: the summary of `apply --json`. */
export function summaryOf({ stdout, stderr }: Finished): Record<string, unknown> {
  const last = jsonLines(stdout).at(-1);
  if (last?.event !== 'summary')
    throw new Error(`no summary:\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`);
  return last;
}

/** A temporary working folder with files in it; removed by `remove`. */
export interface WorkingFolder {
  readonly path: string;
  write(name: string, content: string | Buffer): void;
  remove(): void;
}

export function workingFolder(files: Readonly<Record<string, string>> = {}): WorkingFolder {
  const path = mkdtempSync(join(tmpdir(), 'hostwright-test-'));
  const write = (name: string, content: string | Buffer): void => {
    const target = join(path, name);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  };
  for (const [name, content] of Object.entries(files)) write(name, content);
  return { path, write, remove: () => rmSync(path, { recursive: true, force: true }) };
}
