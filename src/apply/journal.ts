import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Plan, PlannedStep } from '../plan/plan.ts';
import type { Blob } from '../resources/kind.ts';

/** Who runs hostwright and where: what the journal keeps beside the one line for people. */
export interface Origin {
  readonly user: string;
  /** Name of the computer that hostwright runs on. */
  readonly machine: string;
  readonly process: number;
  /** Of hostwright. */
  readonly version: string;
  /** The folder of the host file, absolute. */
  readonly folder: string;
  /** The host file as it was named. */
  readonly file?: string;
}

/** What is known of a run before it begins, besides its plan. */
export interface RunRecord {
  readonly origin?: Origin;
  /** The address that the host sees us come from. */
  readonly client?: string;
  /** The one role that was applied (`--only`). */
  readonly only?: string;
}

/** What the journal on the host keeps of a run, without secrets and content. */
export function journalBlobs(plan: Plan, record: RunRecord): readonly Blob[] {
  return [journalBlob(plan), ownerBlob(plan, record), resourcesBlob(plan)];
}

/** What was planned. */
export function journalBlob(plan: Plan): Blob {
  const { host, kind = 'apply', undoes, changes, steps, services, notes, pending } = plan;
  // A diff shows content, and that may hold secrets: the kept originals, which may too, lie in a place of their own.
  const without = changes.map(({ diff: _, ...change }) => change);
  const undoing = steps.map(journalStep);
  return textBlob(
    'plan.json',
    JSON.stringify({ v: 1, host, kind, undoes, changes: without, steps: undoing, services, notes, pending }),
  );
}

/** Small whatever the plan's size: a list of thousands of runs reads only this. The time is this computer's. */
function ownerBlob({ host, kind = 'apply', changes }: Plan, { origin, client, only }: RunRecord): Blob {
  const at = new Date().toISOString();
  return textBlob(
    'owner.json',
    JSON.stringify({ v: 1, kind, host, at, by: origin, client, only, changes: changes.length }),
  );
}

/** For the shell on the host, which reads no JSON: a line a resource, `STEP PART KIND GUARDED ID` with tabs between. */
function resourcesBlob({ steps }: Plan): Blob {
  const lines = steps.flatMap(({ changes, batch }, step) =>
    changes.map(({ resource }, part) =>
      [step, batch ? 0 : part, resource.kind, resource.guarded ? 'guarded' : 'plain', resource.id].join('\t'),
    ),
  );
  return textBlob('resources', lines.map((line) => `${line}\n`).join(''));
}

/** What taking a step back will need to know; its parts are numbered as in the run's script. */
function journalStep({ changes, batch, undoing }: PlannedStep) {
  return {
    guarded: changes[0]?.resource.guarded ?? false,
    batch: batch !== undefined,
    undoing: undoing === true,
    parts: changes.map(({ resource, step, remembered }) => ({
      id: resource.id,
      notify: resource.notify,
      undoable: (batch ?? step).undo !== undefined,
      ...(remembered === undefined ? {} : { remembered }),
    })),
  };
}

function textBlob(name: string, text: string): Blob {
  const bytes = Buffer.from(text);
  return {
    name,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    size: bytes.length,
    open: () => Readable.from(bytes.length > 0 ? [bytes] : []),
  };
}
