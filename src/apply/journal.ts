import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Plan, PlannedStep } from '../plan/plan.ts';
import type { Blob } from '../resources/kind.ts';

/** What the journal on the host keeps of a plan: what was changed and how it looked, without secrets or content. */
export function journalBlob({ host, kind = 'apply', changes, steps, services, notes, pending }: Plan): Blob {
  // A diff shows content, and that may hold secrets: the kept originals, which may too, lie in a place of their own.
  const without = changes.map(({ diff: _, ...change }) => change);
  const undoing = steps.map(journalStep);
  const bytes = Buffer.from(
    JSON.stringify({ v: 1, host, kind, changes: without, steps: undoing, services, notes, pending }),
  );
  return {
    name: 'plan.json',
    sha256: createHash('sha256').update(bytes).digest('hex'),
    size: bytes.length,
    open: () => Readable.from([bytes]),
  };
}

/** What taking a step back will need to know; its parts are numbered as in the run's script. */
function journalStep({ changes, batch }: PlannedStep) {
  return {
    guarded: changes[0]?.resource.guarded ?? false,
    batch: batch !== undefined,
    parts: changes.map(({ resource, step, remembered }) => ({
      id: resource.id,
      notify: resource.notify,
      undoable: (batch ?? step).undo !== undefined,
      ...(remembered === undefined ? {} : { remembered }),
    })),
  };
}
