import { STATE_DIRECTORY } from '../../connect/program.ts';
import type { Change, PlannedStep } from '../../plan/plan.ts';
import { joinShell, type Shell, sh } from '../../quote.ts';
import type { Resource, Step } from '../../resources/kind.ts';
import type { Place } from './preview.ts';
import type { RunRecord, StepRecord } from './records.ts';

/** What of a step is taken back: one of its parts, or ids of a batch. */
export interface Undoing {
  readonly run: RunRecord;
  readonly step: StepRecord;
  /** Number of the part; 0 for a batch. */
  readonly part: number;
  readonly ids: readonly string[];
  /** Nothing of this run is left afterwards. */
  readonly last: boolean;
  /** Data that came later goes too, instead of being kept. */
  readonly purgeData?: boolean;
}

/** Which record that step works from. */
export function placeOf({ run, step, part }: Undoing): Place {
  return { run: run.id, step: step.index, part };
}

/** Where the host marks what has been taken back of a step. */
function markOf({ run, step }: Undoing): string {
  return `${STATE_DIRECTORY}/runs/${run.id}/undone/${step.index}`;
}

/**
 * A step of a new run that takes a part of an old one back, by the functions in the old run's own script. What the old
 * step has recorded brings back what it found; what is recorded now, in the same way, brings back what is there now,
 * should nobody confirm the change.
 */
export function undoStep(undoing: Undoing, changes: readonly Change[]): PlannedStep {
  const { step, ids } = undoing;
  const shell = partsOf(undoing);
  const known = new Map(step.parts.map((part) => [part.id, part]));
  const planned = changes.map((change) => {
    const part = known.get(change.id);
    const resource: Resource = {
      ...{ kind: change.kind, id: change.id, spec: undefined, guarded: step.guarded },
      notify: part?.notify ?? [],
    };
    return { change, resource, step: { ...shell, remember: part?.remembered ?? '' } };
  });
  return { changes: planned, undoing: true, ...(ids.length > 1 ? { batch: shell } : {}) };
}

function partsOf(undoing: Undoing): Step {
  const { run, step, part, ids } = undoing;
  const script = `${STATE_DIRECTORY}/runs/${run.id}/script`;
  const mark = markOf(undoing);
  // Of what was taken back earlier something may be there again, and be somebody else's.
  const partial = step.batch && ids.length < step.parts.length;
  const names = partial ? ids.map((id) => id.slice(id.indexOf(':') + 1)) : [];
  return {
    converged: joinShell(
      ids.map((id) => sh`grep -qxF -e ${id} -- ${mark} 2>/dev/null`),
      ' &&\n',
    ),
    unmoved: sh`[ -s ${script} ]`,
    record: step.guarded
      ? sh`mkdir -p -- "$HW_BEFORE/now"
/bin/sh ${script} record ${step.index} ${part} "$HW_BEFORE/now" "$HW_ID"`
      : sh`:`,
    change: sh`${undoing.purgeData ? sh`HW_PURGE=1 ` : sh``}/bin/sh ${script} undo ${step.index} ${part} "$HW_ID" ${joinWords(names)}
mkdir -p -m 700 -- ${mark.slice(0, mark.lastIndexOf('/'))}
printf '%s\n' ${ids} >>${mark}
sync -- ${mark}
${undoing.last ? over(run.id) : sh``}`,
    undo: sh`/bin/sh ${script} redo ${step.index} ${part} "$HW_BEFORE/now" "$HW_ID"
rm -f -- ${`${STATE_DIRECTORY}/runs/${run.id}/undone-by`}
[ ! -e ${mark} ] || { grep -vxF ${joinShell(
      ids.map((id) => sh`-e ${id}`),
      ' ',
    )} -- ${mark} >${`${mark}.new`} || :; mv -fT -- ${`${mark}.new`} ${mark}; }`,
  };
}

/** Nothing is left of the run: what it told the host of its host file goes as well. */
function over(run: string): Shell {
  const folder = `${STATE_DIRECTORY}/runs/${run}`;
  return sh`/bin/sh ${`${folder}/script`} state-back
printf '%s\n' "$HW_ID" >${`${folder}/undone-by`}`;
}

function joinWords(words: readonly string[]): Shell {
  return joinShell(
    words.map((word) => sh`${word}`),
    ' ',
  );
}
