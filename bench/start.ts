/**
 * How long hostwright takes to start, over what Node itself takes: `npm run bench`. Runs take turns, so that a
 * busy machine is as busy for each; medians, because the worst says more about the machine.
 * The goal: `--version` ≤ 1.3 × `node -e 0`.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROUNDS = 41;
const root = fileURLToPath(new URL('..', import.meta.url));
const entry = join(root, 'bin/hostwright.js');

const CASES: Readonly<Record<string, readonly string[]>> = {
  'node -e 0': ['-e', '0'],
  'hostwright --version': [entry, '--version'],
  'hostwright recipes': [entry, 'recipes', 'list'],
  'hostwright --help': [entry, '--help'],
};

/** Milliseconds of one run. */
function time(argv: readonly string[]): number {
  const before = performance.now();
  const { status } = spawnSync(process.execPath, argv, { stdio: 'ignore' });
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}`);
  return performance.now() - before;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const times = new Map(Object.keys(CASES).map((name) => [name, [] as number[]]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, argv] of Object.entries(CASES)) times.get(name)?.push(time(argv));
}
const floor = median(times.get('node -e 0') ?? []);
for (const [name, values] of times) {
  const middle = median(values);
  process.stdout.write(
    `${name.padEnd(22)} ${middle.toFixed(0).padStart(5)} ms  ${(middle / floor).toFixed(2)} ×\n`,
  );
}
