import { z } from 'zod';
import { STATE_DIRECTORY } from '../../connect/program.ts';
import { HostError } from '../../errors.ts';
import { RECORD_FORMAT } from '../../facts/read-facts.ts';
import { type Shell, sh } from '../../quote.ts';

const part = z.object({
  id: z.string(),
  notify: z.array(z.object({ service: z.string(), action: z.enum(['reload', 'restart']) })),
  undoable: z.boolean(),
  remembered: z.string().optional(),
});

const journal = z.object({
  kind: z.enum(['apply', 'rollback', 'remove']),
  changes: z.array(
    z.object({
      id: z.string(),
      role: z.string(),
      kind: z.string(),
      action: z.enum(['create', 'update', 'remove', 'run']),
      summary: z.string(),
      irreversible: z.string().optional(),
    }),
  ),
  steps: z.array(
    z.object({ guarded: z.boolean(), batch: z.boolean(), undoing: z.boolean(), parts: z.array(part) }),
  ),
  services: z.record(z.string(), z.array(z.string())),
});

/** One step of a run, as far as taking it back is concerned. */
export interface StepRecord {
  /** Its number in the run's script. */
  readonly index: number;
  readonly guarded: boolean;
  /** All parts are one call on the host. */
  readonly batch: boolean;
  /** It has itself taken a step of an earlier run back. */
  readonly undoing: boolean;
  readonly parts: readonly z.output<typeof part>[];
  /** What it found was recorded: it has been tried, at least. */
  readonly recorded: boolean;
  /** Ids that have been taken back already. */
  readonly undone: ReadonlySet<string>;
  /** What it recorded is not kept any more (`prune.ts`). */
  readonly pruned: boolean;
}

/** What the host keeps of a run. */
export interface RunRecord {
  readonly id: string;
  /** Who ran it, from where: one line for people. */
  readonly owner: string;
  readonly kind: 'apply' | 'rollback' | 'remove';
  readonly changes: z.output<typeof journal>['changes'];
  readonly steps: readonly StepRecord[];
  readonly services: Readonly<Record<string, readonly string[]>>;
}

/**
 * Shell that prints what {@link parseRecords} reads: the runs whose records can be used or were dropped, the newest first
 * by the host's clock: those of the computers that they were begun from may differ.
 */
export const readRecords: Shell = sh`cd ${`${STATE_DIRECTORY}/runs`} 2>/dev/null || exit 0
for hw_run in $(stat --printf '%Y %n\n' -- */owner 2>/dev/null | sort -k1,1nr -k2,2r | sed 's,^[0-9]* ,,; s,/owner$,,'); do
  [ -s "$hw_run/plan.json" ] || continue
  if [ ! -e "$hw_run/pruned" ]; then
    [ -s "$hw_run/script" ] && grep -qxF ${`HW_FORMAT=${RECORD_FORMAT}`} "$hw_run/script" || continue
  fi
  printf 'run\t%s\n' "$hw_run"
  printf 'owner\t%s\n' "$(head -c 1000 -- "$hw_run/owner" 2>/dev/null | base64 -w0)"
  printf 'plan\t%s\n' "$(base64 -w0 <"$hw_run/plan.json")"
  for hw_step in "$hw_run"/before/*/recorded; do
    [ ! -e "$hw_step" ] || { hw_step=\${hw_step%/recorded}; printf 'recorded\t%s\n' "\${hw_step##*/}"; }
  done
  for hw_step in "$hw_run"/undone/*; do
    [ ! -e "$hw_step" ] || printf 'undone\t%s\t%s\n' "\${hw_step##*/}" "$(base64 -w0 <"$hw_step")"
  done
  [ ! -e "$hw_run/pruned" ] || sed 's/^/pruned\t/' "$hw_run/pruned"
done`;

interface Raw {
  readonly id: string;
  owner: string;
  plan: string;
  readonly recorded: Set<number>;
  readonly undone: Map<number, ReadonlySet<string>>;
  readonly pruned: Set<number>;
}

/**
 * The runs of a host, the newest first.
 * @throws {HostError} when a record is not what this version writes.
 */
export function parseRecords(output: Buffer): readonly RunRecord[] {
  const raws: Raw[] = [];
  for (const line of output.toString('utf8').split('\n')) {
    const [label = '', ...fields] = line.split('\t');
    if (label === 'run') {
      const [id = ''] = fields;
      raws.push({
        ...{ id, owner: '', plan: '' },
        ...{ recorded: new Set(), undone: new Map(), pruned: new Set() },
      });
      continue;
    }
    const raw = raws.at(-1);
    if (!raw) continue;
    if (label === 'owner') raw.owner = decoded(fields[0]).trim();
    else if (label === 'plan') raw.plan = decoded(fields[0]);
    else if (label === 'recorded') raw.recorded.add(Number(fields[0]));
    else if (label === 'pruned') raw.pruned.add(Number(fields[0]));
    else if (label === 'undone') {
      raw.undone.set(Number(fields[0]), new Set(decoded(fields[1]).split('\n').filter(Boolean)));
    }
  }
  return raws.map(record);
}

function record({ id, owner, plan, recorded, undone, pruned }: Raw): RunRecord {
  const { kind, changes, steps, services } = readPlan(plan, id);
  return {
    ...{ id, owner, kind, changes, services },
    steps: steps.map((step, index) => ({
      ...step,
      index,
      recorded: recorded.has(index),
      undone: undone.get(index) ?? new Set(),
      pruned: pruned.has(index),
    })),
  };
}

function readPlan(text: string, run: string): z.output<typeof journal> {
  try {
    return journal.parse(JSON.parse(text));
  } catch (cause) {
    throw new HostError(`The record of run ${run} on the host cannot be read.`, {
      cause,
      hint: `Nothing was changed. Look at ${STATE_DIRECTORY}/runs/${run}/plan.json on the host.`,
    });
  }
}

function decoded(base64 = ''): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
