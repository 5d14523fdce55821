import type { PlanNote } from '../../compose/recipe.ts';
import { HostError } from '../../errors.ts';
import type { Change, Plan } from '../../plan/plan.ts';
import type { Followed } from '../session.ts';
import { noted, undoingChange } from './changes.ts';
import type { RunRecord, StepRecord } from './records.ts';
import { type Undoing, undoStep } from './undo-step.ts';

/** So many runs are named where several could be meant. */
const SHOWN = 4;

/** A plan, and for each of its first steps what it takes back. */
export interface UndoPlan {
  readonly plan: Plan;
  readonly undoings: readonly Undoing[];
}

/**
 * The plan that takes back a run and every newer one, the newest first, each from its last step to its first. Pure.
 * What has been taken back already is left out: then the plan can be one of nothing.
 * @param wanted a run's id or the beginning of one; the last run that can be undone when absent.
 * @throws {HostError} when there is no such run, or what it needs is no longer kept.
 */
export function planRollback(host: string, records: readonly RunRecord[], wanted?: string): UndoPlan {
  const target = wanted === undefined ? lastUndoable(records) : findRun(records, wanted);
  const all = records.slice(0, records.indexOf(target) + 1);
  refuseGaps(all);
  const runs = all.filter(isUndoable);
  const undoings = runs.flatMap(undoingsOf);
  const steps = undoings.map((undoing) => undoStep(undoing, changesOf(undoing)));
  const plan: Plan = {
    host,
    kind: 'rollback',
    undoes: runs.map(({ id }) => id),
    steps,
    changes: steps.flatMap(({ changes }) => changes.map(({ change }) => change)),
    services: Object.assign({}, ...runs.map(({ services }) => services).reverse()),
    notes: [...alreadyNote(target, wanted, runs), ...runs.flatMap(notesOf)],
    ...{ unchanged: 0, foreignTouched: [], pending: [], endpoints: [] },
  };
  return { plan, undoings };
}

/**
 * The plan of nothing, when the run that was just followed to its end was the rollback that is wanted. Pure.
 * @returns undefined when it was not, or something is left to take back.
 */
export function rollbackDone(
  host: string,
  records: readonly RunRecord[],
  followed: Followed | undefined,
  wanted?: string,
): Plan | undefined {
  const run = followed?.ok ? records.find(({ id }) => id === followed.run) : undefined;
  if (run?.kind !== 'rollback') return undefined;
  const named = wanted === undefined ? [] : matching(records, wanted);
  if (wanted !== undefined && (named.length !== 1 || named.some((one) => isUndoable(one)))) return undefined;
  const text = 'That run was the rollback. To take back the run before as well: hostwright rollback';
  const nothing = { steps: [], changes: [], unchanged: 0, foreignTouched: [], pending: [], endpoints: [] };
  return { host, kind: 'rollback', ...nothing, services: {}, notes: [noted(text, 'warning')] };
}

/** Something of it is still as it made it: of a removal, what it changed for the roles that stayed. */
export function isUndoable(run: RunRecord): boolean {
  return run.steps.some((step) => remaining(step).length > 0);
}

/** Ids of a step that were changed, or may have been, and have not been taken back. */
export function remaining({ recorded, undoing, parts, undone }: StepRecord): readonly string[] {
  return recorded && !undoing ? parts.map(({ id }) => id).filter((id) => !undone.has(id)) : [];
}

/** Going back over a gap would bring back a mixture of times. */
function refuseGaps(records: readonly RunRecord[]): void {
  const gap = records.find(isPruned);
  if (!gap) return;
  throw new HostError(
    `What taking run ${gap.id} back would need is no longer kept: a rollback cannot go there, nor further back.`,
    {
      hint: 'Nothing was changed. `hostwright runs` says how far back a rollback reaches. To take a role off: hostwright remove ROLE',
    },
  );
}

/** Something of it cannot be taken back any more, and was not before. */
function isPruned({ steps }: RunRecord): boolean {
  return steps.some(
    ({ pruned, undoing, parts, undone }) => pruned && !undoing && parts.some(({ id }) => !undone.has(id)),
  );
}

function lastUndoable(records: readonly RunRecord[]): RunRecord {
  const run = records.find((candidate) => candidate.kind === 'apply' && isUndoable(candidate));
  if (run) return run;
  throw new HostError('There is no run on this host that could be taken back.', {
    hint:
      records.length === 0
        ? 'hostwright has not changed anything here, or a version that kept too little for it.'
        : 'Everything that hostwright changed here has been taken back already: see `hostwright runs`.',
  });
}

function matching(records: readonly RunRecord[], wanted: string): readonly RunRecord[] {
  return records.filter(({ id }) => id.startsWith(wanted));
}

function findRun(records: readonly RunRecord[], wanted: string): RunRecord {
  const found = matching(records, wanted);
  const [run] = found;
  if (!run) {
    throw new HostError(`There is no run ‘${wanted}’ on this host, or its records are no longer kept.`, {
      hint: 'Nothing was changed. `hostwright runs` lists them.',
    });
  }
  if (found.length > 1) {
    const more = found.length > SHOWN ? ` and ${found.length - SHOWN} more` : '';
    const names = found.slice(0, SHOWN).map(({ id }) => id);
    throw new HostError(`Several runs begin with ‘${wanted}’: ${names.join(', ')}${more}.`, {
      hint: 'Nothing was changed. Write more of the one that you mean.',
    });
  }
  if (run.kind !== 'apply') {
    throw new HostError(`Run ${run.id} was itself a ${run.kind}: it is not taken back.`, {
      hint: 'To have everything of the host file again: hostwright apply',
    });
  }
  return run;
}

/** A run can be named that has been taken back, as one that nobody confirmed: what was done since is still in the way. */
function alreadyNote(target: RunRecord, wanted: string | undefined, runs: readonly RunRecord[]): PlanNote[] {
  if (wanted === undefined || runs.includes(target)) return [];
  const also = runs.length === 0 ? 'nothing is left to do' : 'only what came after it is left';
  return [noted(`Run ${target.id} has been taken back already: ${also}. See \`hostwright runs\`.`)];
}

function undoingsOf(run: RunRecord): readonly Undoing[] {
  const undoings = [...run.steps].reverse().flatMap((step): Omit<Undoing, 'last'>[] => {
    const ids = remaining(step);
    if (ids.length === 0) return [];
    if (step.batch) return [{ run, step, part: 0, ids }];
    return step.parts
      .map(({ id }, part) => ({ run, step, part, ids: [id] }))
      .filter(({ ids: [id = ''] }) => ids.includes(id))
      .reverse();
  });
  return undoings.map((undoing, index) => ({ ...undoing, last: index === undoings.length - 1 }));
}

function changesOf({ run, ids }: Undoing): readonly Change[] {
  return ids.map((id) => undoingChange(run, id));
}

function notesOf(run: RunRecord): readonly PlanNote[] {
  const about = noted(`Takes back run ${run.id} of ${run.owner}.`);
  const lasting = run.changes.flatMap(({ id, irreversible }) =>
    irreversible === undefined ? [] : [noted(`${id}: ${irreversible}`, 'warning')],
  );
  return [about, ...lasting];
}
