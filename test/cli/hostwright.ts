import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const ENTRY = fileURLToPath(new URL('../../bin/hostwright.js', import.meta.url));

/** How a started hostwright ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of the test's own with these files in it; it is also HOME. */
export async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hostwright-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return folder;
}

/** How {@link hostwright} is started. */
export interface HostwrightCall {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What it can read from standard input. */
  readonly input?: string | Buffer;
}

/** Starts hostwright for real, without a terminal, and waits for its end. */
export async function hostwright(
  words: readonly string[],
  { cwd, env = {}, input }: HostwrightCall = {},
): Promise<Ended> {
  const folder = cwd ?? (await folderWith({}));
  const child = spawn(process.execPath, [ENTRY, ...words], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: folder, ...env },
    stdio: 'pipe',
  });
  // It may end without having read anything.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
