import { HostError, UserError } from '../src/errors.ts';
import { installLabPackages } from '../src/lab/install.ts';
import { createAsk } from '../src/ui/ask.ts';

/**
 * Installs the Debian packages that the lab needs and that are missing, after saying which and asking.
 * Root without a terminal is a machine for such things (a container, CI): there they are installed without asking.
 * @param also programs that are wanted besides, each with its package
 * @returns false when they are not there in the end; why has been said
 */
export async function ensureLabPackages(also: Readonly<Record<string, string>> = {}): Promise<boolean> {
  const interactive = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const { env, stdout } = process;
  const ask = createAsk({ interactive, env, output: stdout, signal: new AbortController().signal });
  try {
    await installLabPackages({
      ask,
      also,
      report: (text) => stdout.write(`${text}\n`),
      yes: !interactive && process.getuid?.() === 0,
    });
    return true;
  } catch (error) {
    if (!(error instanceof UserError || error instanceof HostError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return false;
  }
}
