import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Suites that take several minutes. vitest starts large files first for want of better knowledge, and these are small: begun
 * last, each would keep one worker busy while the others have nothing left to do.
 */
const LONG = ['faults', 'month', 'manifest', 'all-roles', 'connect'].map((name) => `/${name}.lab.test.ts`);

/** The order of suites: those known to be long, then as vitest would have it. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

function isLong({ moduleId }: TestSpecification): boolean {
  return LONG.some((name) => moduleId.endsWith(name));
}
