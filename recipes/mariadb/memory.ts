import type { PlanNote } from '../../src/compose/recipe.ts';
import type { MariadbContext } from './inputs.ts';

type Size = 'bufferPool' | 'logFile' | 'temporary' | 'connections' | 'flush';

/** Settings that depend on the machine, for the template: memory in MiB; empty where somebody has chosen by hand. */
export type Sizes = Readonly<Record<Size, string>>;

/** What the server calls them. */
const NAMES: Readonly<Record<Size, readonly string[]>> = {
  bufferPool: ['innodb-buffer-pool-size'],
  logFile: ['innodb-log-file-size'],
  temporary: ['tmp-table-size', 'max-heap-table-size'],
  connections: ['max-connections'],
  flush: ['innodb-flush-log-at-trx-commit'],
};

/** Modest: the machine has other things to do. Pure. */
export function sizesFor({ facts, input }: MariadbContext): {
  readonly sizes: Sizes;
  readonly notes: readonly Omit<PlanNote, 'role'>[];
} {
  // Kernels differ by some megabytes in what they keep for themselves; the settings should not.
  const step = facts.os.memoryMiB < 1024 ? 256 : 512;
  const memory = Math.max(256, Math.round(facts.os.memoryMiB / step) * step);
  const bufferPool = within(memory / 8, 32, 2048);
  const wanted: Readonly<Record<Size, number>> = {
    bufferPool,
    logFile: within(bufferPool / 2, 32, 512),
    temporary: within(memory / 128, 8, 32),
    connections: input.maxConnections ?? (memory < 2048 ? 40 : 100),
    flush: 1,
  };
  const { settings } = facts.mariadb;
  const sizes = Object.keys(wanted) as Size[];
  const chosen = (size: Size): readonly string[] =>
    size === 'connections' && input.maxConnections !== undefined
      ? []
      : NAMES[size].filter((name) => settings[name] !== undefined);
  const stays = sizes.flatMap(chosen);
  const files = [...new Set(stays.map((name) => settings[name]?.file))];
  return {
    sizes: Object.fromEntries(
      sizes.map((size) => [size, chosen(size).length > 0 ? '' : String(wanted[size])]),
    ) as Sizes,
    notes:
      stays.length === 0
        ? []
        : [
            {
              level: 'info',
              text: `${stays.join(', ')}: set by hand before (${files.join(', ')}), and left as it is.`,
            },
          ],
  };
}

/** Whole MiB, in steps of 8. */
function within(size: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.floor(size / 8) * 8));
}
