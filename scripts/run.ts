import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Runs a program of Node's on this terminal, in the checkout, and returns its exit code. A Ctrl-C from the
 * terminal reaches it by itself; SIGTERM is passed on.
 */
export function runNode(script: string, words: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [script, ...words], { cwd: ROOT, stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  const passUnlessTyped = (signal: NodeJS.Signals): void => {
    if (!process.stdin.isTTY) pass(signal);
  };
  process.on('SIGTERM', pass);
  process.on('SIGINT', passUnlessTyped);
  return new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 130));
  }).finally(() => {
    process.off('SIGTERM', pass);
    process.off('SIGINT', passUnlessTyped);
  });
}
