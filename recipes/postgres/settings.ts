import type { PlanNote } from '../../src/compose/recipe.ts';
import type { Cluster } from './cluster.ts';
import type { PostgresContext } from './inputs.ts';

/** What pg_createcluster(1) writes: whoever left these left the choice to others. */
const STOCK: Readonly<Record<string, string>> = { max_connections: '100', shared_buffers: '128MB' };

/** Settings that depend on the machine; those that somebody has chosen by hand are missing. */
export interface Tuning {
  /** For the template: a number in digits, megabytes for memory; empty when absent. */
  readonly values: Readonly<Record<TunedName, string>>;
  readonly notes: readonly Omit<PlanNote, 'role'>[];
}

type TunedName =
  | 'max_connections'
  | 'shared_buffers'
  | 'effective_cache_size'
  | 'maintenance_work_mem'
  | 'work_mem';

/** Modest: the machine has other things to do. Hand-made values of an older cluster stay. Pure. */
export function tune({ facts, input }: PostgresContext, { found }: Cluster): Tuning {
  // Kernels differ by some megabytes in what they keep for themselves; the settings should not.
  const step = facts.os.memoryMiB < 1024 ? 256 : 512;
  const memory = Math.max(256, Math.round(facts.os.memoryMiB / step) * step);
  const connections = input.maxConnections ?? (memory < 2048 ? 40 : 100);
  const wanted: Readonly<Record<TunedName, number>> = {
    max_connections: connections,
    shared_buffers: within(memory / 8, 32, 2048),
    effective_cache_size: within(memory / 2, 128, 65_536),
    maintenance_work_mem: within(memory / 32, 16, 512),
    work_mem: within(memory / connections / 4, 4, 64),
  };
  const theirs = (Object.keys(wanted) as TunedName[]).filter((name) => {
    const setting = found?.settings[name];
    const asked = name === 'max_connections' && input.maxConnections !== undefined;
    return setting !== undefined && (setting.wins || setting.value !== STOCK[name]) && !asked;
  });
  const values = Object.fromEntries(
    Object.entries(wanted).map(([name, value]) => [
      name,
      theirs.includes(name as TunedName) ? '' : String(value),
    ]),
  ) as Tuning['values'];
  return {
    values,
    notes: theirs.length === 0 ? [] : [stays(theirs, found?.settings[theirs[0] ?? '']?.file)],
  };
}

function stays(names: readonly string[], file = ''): Omit<PlanNote, 'role'> {
  return { level: 'info', text: `${names.join(', ')}: set by hand before (${file}), and left as it is.` };
}

/** Whole megabytes, in steps of 4. */
function within(megabytes: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.floor(megabytes / 4) * 4));
}
