import type { Plan, PlannedStep } from '../../plan/plan.ts';
import { noted, undoingChange } from './changes.ts';
import { remaining, type UndoPlan } from './plan-rollback.ts';
import type { RunRecord, StepRecord } from './records.ts';
import { type Undoing, undoStep } from './undo-step.ts';

/** What is taken off a host. */
export interface Removal {
  /** Of the host. */
  readonly host: string;
  readonly records: readonly RunRecord[];
  /** Whether a resource goes, by its id and by the role that has made it. */
  goes(id: string, role: string): boolean;
  /** What has to change for those who stay: a port that is closed, say. */
  readonly follow?: Plan;
  /** hostwright's own records go as well. */
  readonly all: boolean;
  /** Data that came later goes too, instead of being kept. */
  readonly purgeData: boolean;
}

/**
 * The plan that takes resources off a host: for each, every step that made or changed it is taken back, the newest first.
 * Then what follows for the rest. Pure.
 */
export function planRemove({ host, records, goes, follow, all, purgeData }: Removal): UndoPlan {
  const undoings = records.flatMap((run) => undoingsOf(run, goes));
  const undone = undoings.map((undoing) =>
    undoStep(
      { ...undoing, purgeData },
      undoing.ids.map((id) => undoingChange(undoing.run, id)),
    ),
  );
  const steps: readonly PlannedStep[] = [...undone, ...(follow?.steps ?? [])];
  const plan: Plan = {
    host,
    kind: 'remove',
    ...(all ? { farewell: true } : {}),
    steps,
    changes: steps.flatMap(({ changes }) => changes.map(({ change }) => change)),
    services: Object.assign({}, ...records.map(({ services }) => services).reverse(), follow?.services),
    notes: [
      ...notesOf(undoings),
      ...lostNotes(records, goes),
      ...(follow?.notes ?? []).filter(({ level }) => level !== 'info'),
    ],
    endpoints: follow?.endpoints ?? [],
    ...{ unchanged: 0, foreignTouched: [], pending: [] },
  };
  return { plan, undoings };
}

function undoingsOf(run: RunRecord, goes: Removal['goes']): readonly Undoing[] {
  const roles = new Map(run.changes.map(({ id, role }) => [id, role]));
  return [...run.steps].reverse().flatMap((step) => {
    const ids = remaining(step).filter((id) => goes(id, roles.get(id) ?? ''));
    return partsOf(run, step, ids).reverse();
  });
}

function partsOf(run: RunRecord, step: StepRecord, ids: readonly string[]): Undoing[] {
  if (ids.length === 0) return [];
  if (step.batch) return [{ run, step, part: 0, ids, last: false }];
  return step.parts.flatMap(({ id }, part) =>
    ids.includes(id) ? [{ run, step, part, ids: [id], last: false }] : [],
  );
}

function notesOf(undoings: readonly Undoing[]) {
  return undoings.flatMap(({ run, ids }) =>
    run.changes.flatMap(({ id, irreversible }) =>
      irreversible !== undefined && ids.includes(id) ? [noted(`${id}: ${irreversible}`, 'warning')] : [],
    ),
  );
}

/** Where the oldest record of a resource went, what it was before hostwright cannot be had back: a person must know. */
function lostNotes(records: readonly RunRecord[], goes: Removal['goes']) {
  const oldest = new Map<string, boolean>();
  for (const run of records) {
    const roles = new Map(run.changes.map(({ id, role }) => [id, role]));
    for (const step of [...run.steps].reverse()) {
      if (step.undoing || !(step.recorded || step.pruned)) continue;
      for (const { id } of step.parts) {
        if (!step.undone.has(id) && goes(id, roles.get(id) ?? '')) oldest.set(id, step.pruned);
      }
    }
  }
  return [...oldest].flatMap(([id, lost]) =>
    lost
      ? [
          noted(
            `${id}: what it was before hostwright is no longer kept, so it does not become that again. Look after it by hand.`,
            'warning',
          ),
        ]
      : [],
  );
}
