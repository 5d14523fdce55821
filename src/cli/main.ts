import { version } from './version.ts';

// Everything else is imported once it is needed: `--version` loads no package at all.

/**
 * Runs hostwright with the words after its name, and returns its exit code.
 * @throws whatever the command threw; {@link report} makes an exit code of it.
 */
export async function main(argv: readonly string[]): Promise<number> {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  const { run } = await import('./run.ts');
  return run(argv);
}

/** Says what went wrong, in plain words, and returns the exit code for it. */
export async function report(error: unknown, argv: readonly string[]): Promise<number> {
  const { reportError } = await import('./report-error.ts');
  return reportError(error, argv);
}
