import type { PlanNote } from '../../compose/recipe.ts';
import type { Change } from '../../plan/plan.ts';
import type { RunRecord } from './records.ts';

const BACK = {
  create: { action: 'remove', summary: 'take away: it was not there before' },
  update: { action: 'update', summary: 'put back as it was before' },
  remove: { action: 'create', summary: 'put back: it was there before' },
} as const;

/** What undoing a resource's change means to it. */
export function undoingChange(run: RunRecord, id: string): Change {
  const made = run.changes.find((change) => change.id === id);
  const part = run.steps.flatMap(({ parts }) => parts).find((candidate) => candidate.id === id);
  const about = { id, role: made?.role ?? '', kind: made?.kind ?? id.slice(0, id.indexOf(':')) };
  const then = made ? ` (then: ${made.summary})` : '';
  if (part && !part.undoable) {
    return { ...about, action: 'run', summary: `forget it; what it did is not undone${then}` };
  }
  const { action, summary } = BACK[made === undefined || made.action === 'run' ? 'update' : made.action];
  return { ...about, action, summary: `${summary}${then}` };
}

/** A note of no role's in particular. */
export function noted(text: string, level: PlanNote['level'] = 'info'): PlanNote {
  return { role: '', level, text };
}
