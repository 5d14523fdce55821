import { spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';

/** Milliseconds; a git that needs longer is treated as one that does not answer. */
const TIMEOUT = 10_000;

/**
 * Asks git about the checkout that `folder` is in. Runs nothing that the repository could name: no hooks, no monitor, no
 * pager, no program of its own for diffs.
 * @returns what it printed; undefined without git, outside of a checkout, and for whatever else it refuses.
 */
export async function askGit(
  folder: string,
  words: readonly string[],
  input = '',
): Promise<Buffer | undefined> {
  const still = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '--no-pager'];
  const child = spawn('git', ['-C', folder, '--no-optional-locks', ...still, ...words], {
    env: environment(),
    timeout: TIMEOUT,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null));
    child.on('close', (code) => resolve(code));
  });
  const [output, code] = await Promise.all([buffer(child.stdout).catch(() => undefined), ended]);
  return code === 0 ? output : undefined;
}

/** The same, as one line of text. */
export async function askGitLine(folder: string, ...words: readonly string[]): Promise<string | undefined> {
  const text = (await askGit(folder, words))?.toString('utf8').trim();
  return text === '' ? undefined : text;
}

/** Within a hook git's own variables would point to another repository. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:GIT_|HOSTWRIGHT_)/.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' };
}
