import type { MariadbContext } from './inputs.ts';

/** Settings that depend on the machine, for the template. */
export interface Sizes {
  /** MiB */
  readonly bufferPool: number;
  readonly logFile: number;
  readonly temporary: number;
  readonly connections: number;
}

/** Modest: the machine has other things to do. Pure. */
export function sizesFor({ facts, input }: MariadbContext): Sizes {
  // Kernels differ by some megabytes in what they keep for themselves; the settings should not.
  const step = facts.os.memoryMiB < 1024 ? 256 : 512;
  const memory = Math.max(256, Math.round(facts.os.memoryMiB / step) * step);
  const bufferPool = within(memory / 8, 32, 2048);
  return {
    bufferPool,
    logFile: within(bufferPool / 2, 32, 512),
    temporary: within(memory / 128, 8, 32),
    connections: input.maxConnections ?? (memory < 2048 ? 40 : 100),
  };
}

/** Whole MiB, in steps of 8. */
function within(size: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.floor(size / 8) * 8));
}
