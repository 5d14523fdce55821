import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labUp } from '../../src/lab/up.ts';
import type { Manifest } from '../../src/rehearse/manifest.ts';
import { workingFolder } from './support/hostwright.ts';
import { manifestOf } from './support/manifest.ts';
import { type Datum, lostOf, rowIsThere, writeMonth } from './support/month.ts';
import { applyCase, change, type LabCase, labCase, labCases, oneOfEach } from './support/recipe-cases.ts';
import { restoreSnapshot, takeSnapshot, upToDate } from './support/snapshot.ts';

const LAB = 'month';

/** A package that owns data. */
const database = labCase('a database', LAB, {
  host: 'attic',
  roles: { data: { recipe: 'extras', packages: ['postgresql'] } },
});

/** What was written in a month since an apply is there after everything that takes the apply back. */
describe.each(['bookworm', 'trixie'] as const)('on %s', (release) => {
  let before: Manifest;
  // Each case is lived with on one release, and taken back in one way there; neighbours differ in one or the other.
  const cases = [database, ...oneOfEach(labCases(LAB).filter(({ idle }) => !idle))];
  const mine = cases.filter((_, index) => index % 2 === (release === 'bookworm' ? 0 : 1));
  const rolledBack = mine.filter((_, index) => index % 2 === 0);
  const removed = mine.filter((_, index) => index % 2 !== 0);

  beforeAll(async () => {
    await labUp({ name: LAB, release, report: () => undefined });
    await upToDate(LAB);
    await takeSnapshot(LAB, 'start');
    before = await manifestOf(LAB);
  });
  afterAll(() => labDown({ name: LAB, report: () => undefined }));
  beforeEach(() => restoreSnapshot(LAB, 'start'));

  /** Applies, lives with it for a month, and takes it back in steps; nothing may be missing after any of them. */
  const losesNothing = async (example: LabCase, steps: readonly (readonly string[])[]): Promise<void> => {
    const folder = workingFolder(example.files);
    try {
      const changes = await applyCase(folder.path);
      const data = await writeMonth(LAB, changes, before, await manifestOf(LAB));
      expect(data.length, 'nothing was written').toBeGreaterThan(0);
      const events: Record<string, unknown>[] = [];
      for (const words of steps) {
        events.push(...(await change(words, folder.path)));
        expect(await missing(data, events, example), `after ${words.join(' ')}`).toEqual([]);
      }
    } finally {
      folder.remove();
    }
  };

  const missing = async (
    data: readonly Datum[],
    events: readonly Record<string, unknown>[],
    example: LabCase,
  ): Promise<readonly string[]> => [
    ...(await lostOf(LAB, data, events)),
    ...(example !== database || (await rowIsThere(LAB, events)) ? [] : ['the row in the database']),
  ];

  it.each(rolledBack)('$name: rollback, then remove', (example) =>
    losesNothing(example, [['rollback'], ['remove', '--all']]),
  );

  it.each(removed)('$name: remove, and rollback of what is left', (example) => {
    // The last one: others may need the first.
    const last = example.roles.at(-1) ?? '';
    const others = example.roles.length > 1;
    const steps = [['remove', last], ...(others ? [['rollback']] : []), ['remove', '--all']];
    return losesNothing(example, steps);
  });
});
