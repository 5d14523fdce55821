import { expect, it } from 'vitest';
import { kinds } from '../../src/resources/registry.generated.ts';
import { LEFT_OUT } from '../faults/scenario.ts';
import { tryPoints } from '../faults/try-points.ts';

/** Always the same sample, so that a failure here can be looked into; `npm run test:faults` tries every point. */
const SEED = 1;
const SAMPLE = 8;

it(
  'survives a cut connection, a killed hostwright and a power cut',
  async () => {
    const report = await tryPoints({
      lab: 'faults-test',
      release: 'bookworm',
      seed: SEED,
      sample: SAMPLE,
      say: (text) => process.stdout.write(`${text}\n`),
    });
    expect(report.failed).toEqual([]);
    expect(Object.keys(report.tried)).toHaveLength(SAMPLE);
    expect(report.stepMoments).toBeGreaterThanOrEqual(2 * report.changes);
    // A new kind belongs into test/faults/scenario.ts.
    const wanted = Object.keys(kinds).filter((kind) => !Object.hasOwn(LEFT_OUT, kind));
    expect([...report.kinds].sort()).toEqual(wanted.sort());
  },
  20 * 60_000,
);
