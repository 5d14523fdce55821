import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { z } from 'zod';
import { HostError, UserError } from '../errors.ts';
import type { Plan, PlannedStep } from '../plan/plan.ts';
import { plainLine } from '../ui/plain-text.ts';
import type { Globals } from './context.ts';
import type { HostRun } from './host-run.ts';

/** What `plan --out` writes: no content and no secrets, only what is needed to know the plan again. */
const SavedPlan = z.object({
  hostwrightPlan: z.literal(1),
  /** Of the host file, from the folder of the plan file. */
  hostFile: z.string(),
  host: z.string(),
  only: z.string().optional(),
  connect: z.string().optional(),
  adopt: z.array(z.string()),
  onConflict: z.enum(['stop', 'keep', 'take']),
  closeUnlisted: z.boolean(),
  changes: z.array(z.object({ id: z.string(), fingerprint: z.string() })),
});

export type SavedPlan = z.infer<typeof SavedPlan>;

/** Writes the plan file. */
export async function savePlan(file: string, plan: Plan, run: HostRun, only?: string): Promise<void> {
  const { cwd, globals } = run.context;
  const path = resolve(cwd, file);
  const { connect, adopt, onConflict, closeUnlisted } = globals;
  const saved: SavedPlan = {
    hostwrightPlan: 1,
    hostFile: relative(resolve(path, '..'), resolve(cwd, run.host.file)),
    host: plan.host,
    ...(only === undefined ? {} : { only }),
    ...(connect === undefined ? {} : { connect }),
    ...{ adopt: [...adopt], onConflict, closeUnlisted },
    changes: fingerprints(plan),
  };
  await writeFile(path, `${JSON.stringify(saved, undefined, 2)}\n`).catch((error: Error) => {
    throw new UserError({ message: `The plan could not be saved in ${file}: ${error.message}` });
  });
}

/**
 * Reads a plan file; undefined when the file is none (a host file, then).
 * @throws {UserError} when it is one that this hostwright does not understand
 */
export async function readSavedPlan(path: string): Promise<SavedPlan | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  if (!text.startsWith('{') || !text.includes('"hostwrightPlan"')) return undefined;
  try {
    return SavedPlan.parse(JSON.parse(text));
  } catch (error) {
    throw new UserError({
      message: `${path} is damaged, or a plan of another version of hostwright.`,
      hint: `Make it again with: hostwright plan --out ${path}\n${error instanceof z.ZodError ? z.prettifyError(error) : ''}`.trim(),
    });
  }
}

/** The options that the plan was made with count, not those of now. */
export function globalsOf(saved: SavedPlan, globals: Globals): Globals {
  const { connect, adopt, onConflict, closeUnlisted } = saved;
  return { ...globals, adopt, onConflict, closeUnlisted, ...(connect === undefined ? {} : { connect }) };
}

/**
 * Compares a plan made now with the saved one.
 * @throws {HostError} naming every change that is not as it was
 */
export function requireSamePlan(saved: SavedPlan, plan: Plan): void {
  const now = new Map(fingerprints(plan).map(({ id, fingerprint }) => [id, fingerprint]));
  const then = new Map(saved.changes.map(({ id, fingerprint }) => [id, fingerprint]));
  const moved = [
    ...[...then.keys()].filter((id) => !now.has(id)).map((id) => `${id} needs no change any more`),
    ...[...now.keys()].filter((id) => !then.has(id)).map((id) => `${id} needs a change now`),
    ...[...now]
      .filter(([id, print]) => then.has(id) && then.get(id) !== print)
      .map(([id]) => `${id} would change otherwise`),
  ];
  if (moved.length === 0) return;
  throw new HostError(
    `This is not the plan that was saved. Nothing was changed.\n${moved
      .map(plainLine)
      .map((line) => `  ${line}`)
      .join('\n')}`,
    {
      hint: 'Look at what would change now with `hostwright plan`, and save that.',
    },
  );
}

/** A change is known by what it does and by the state it starts from: both are in its step. */
function fingerprints({ steps }: Plan): { id: string; fingerprint: string }[] {
  return steps.flatMap((planned) =>
    planned.changes.map((entry) => ({ id: entry.change.id, fingerprint: fingerprint(entry) })),
  );
}

function fingerprint({ change, step }: PlannedStep['changes'][number]): string {
  // Of a secret only which one it is may leave hostwright, not even a sum of what is made of it.
  const blobs = (step.blobs ?? []).map(({ sha256, secret }) => secret ?? sha256);
  const parts = [change.id, change.action, step.unmoved.text, step.change.text, ...blobs];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
