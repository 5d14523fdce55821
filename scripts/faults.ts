/**
 * `npm run test:faults`: an apply is disturbed at each of its points by each of three faults. What it prints last is the
 * figure: points tried and survived.
 *
 *     npm run test:faults -- [--seed N] [--sample N] [--only POINT]… [--shard K/N] [--state FILE]
 *         [--release bookworm|trixie] [--lab NAME]
 */
import { parseArgs } from 'node:util';
import { isRelease } from '../src/lab/places.ts';
import { isRoot } from '../src/lab/root.ts';
import { tryPoints } from '../test/faults/try-points.ts';
import { ensureLabPackages } from './lab-packages.ts';

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      sample: { type: 'string' },
      only: { type: 'string', multiple: true },
      shard: { type: 'string' },
      state: { type: 'string' },
      release: { type: 'string', default: 'bookworm' },
      lab: { type: 'string', default: 'faults' },
    },
  });
  const { release, lab, only, shard, state } = values;
  if (!isRelease(release)) throw new Error(`--release is bookworm or trixie, not ${release}`);
  if (!isRoot()) throw new Error('This test needs root: it cuts the power of machines. Run it with sudo.');
  if (!(await ensureLabPackages({ nft: 'nftables' }))) return 1;
  const { tried, failed, changes, stepMoments } = await tryPoints({
    lab,
    release,
    seed: number(values.seed),
    say,
    ...(values.sample === undefined ? {} : { sample: number(values.sample) }),
    ...(only === undefined ? {} : { only }),
    ...(shard === undefined ? {} : { shard: fraction(shard) }),
    ...(state === undefined ? {} : { state }),
  });
  const outcomes = Object.values(tried);
  const survived = outcomes.filter((outcome) => outcome.survived).length;
  say(`${changes} changes, ${stepMoments} moments before, in and after their steps.`);
  say(`${outcomes.length} points tried, ${survived} survived.`);
  if (failed.length > 0) say(`Lost: ${failed.join(', ')}`);
  return failed.length > 0 ? 1 : 0;
}

function number(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${text} is not a whole number`);
  return Number(text);
}

function fraction(text: string): readonly [k: number, n: number] {
  const [k, n, ...rest] = text.split('/').map(number);
  if (k === undefined || n === undefined || rest.length > 0 || k < 1 || k > n) {
    throw new Error(`${text} is not a shard, such as 1/2: the first of two`);
  }
  return [k, n];
}

process.exitCode = await main();
