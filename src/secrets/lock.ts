import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { UserError } from '../errors.ts';

/** Writing a vault takes some milliseconds. A lock that is older than this was left by another computer. Milliseconds. */
const ABANDONED = 60_000;
const PATIENCE = 15_000;
const PAUSE = 40;

/**
 * Runs `work` while no other process does under the same lock file, which goes afterwards. The file says who has it:
 * one whose process is gone is taken away.
 * @throws {UserError} when another process keeps it
 */
export async function withFileLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  await mkdir(dirname(path), { recursive: true });
  const own = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(own, JSON.stringify({ pid: process.pid, host: hostname() }), { flag: 'wx' });
  try {
    await take(own, path);
    try {
      return await work();
    } finally {
      await rm(path, { force: true });
    }
  } finally {
    await rm(own, { force: true });
  }
}

async function take(own: string, path: string): Promise<void> {
  const until = performance.now() + PATIENCE;
  for (;;) {
    // link(2) makes the lock with its content in it at once.
    const taken = await link(own, path).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false;
        throw error;
      },
    );
    if (taken) return;
    if (await isAbandoned(path)) await rm(path, { force: true });
    else if (performance.now() > until) {
      throw new UserError({
        message: `Another hostwright has been writing the vault for ${PATIENCE / 1000} seconds.`,
        hint: `If there is none, remove ${path}`,
      });
    } else await wait(PAUSE);
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    if (Date.now() - mtimeMs > ABANDONED) return true;
    const { pid, host } = JSON.parse(text) as { pid: number; host: string };
    return host === hostname() && !isAlive(pid);
  } catch {
    // It has gone meanwhile, or is nobody's we know: look again.
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there and somebody else's (kill(2)).
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
