import type { PlanNote } from '../../compose/recipe.ts';
import type { Change } from '../../plan/plan.ts';
import type { RunRecord } from './records.ts';

const BACK = { create: 'remove', update: 'update', remove: 'create', run: 'update' } as const;

/** What undoing a resource's change means to it. */
export function undoingChange(run: RunRecord, id: string): Change {
  const made = run.changes.find((change) => change.id === id);
  const part = run.steps.flatMap(({ parts }) => parts).find((candidate) => candidate.id === id);
  const about = { id, role: made?.role ?? '', kind: made?.kind ?? id.slice(0, id.indexOf(':')) };
  const then = made?.summary ?? 'a change of unknown kind';
  if (part && !part.undoable) {
    return { ...about, action: 'run', summary: `no longer ours; what it did stays done: ${then}` };
  }
  return { ...about, action: BACK[made?.action ?? 'update'], summary: `undo: ${then}` };
}

/** A note of no role's in particular. */
export function noted(text: string, level: PlanNote['level'] = 'info'): PlanNote {
  return { role: '', level, text };
}
