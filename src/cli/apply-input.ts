import { resolve } from 'node:path';
import { UserError } from '../errors.ts';
import type { Context } from './context.ts';
import { globalsOf, readSavedPlan, type SavedPlan } from './saved-plan.ts';

/** What `apply` was given: host files, or one saved plan with the options that it was made with. */
export interface ApplyInput {
  readonly context: Context;
  readonly files: readonly string[];
  readonly saved?: SavedPlan;
}

/** @throws {UserError} when a saved plan comes with other files. */
export async function readApplyInput(context: Context, files: readonly string[]): Promise<ApplyInput> {
  const found = await Promise.all(
    files.map(async (file) => ({ file, saved: await readSavedPlan(resolve(context.cwd, file)) })),
  );
  const plan = found.find(({ saved }) => saved !== undefined);
  if (!plan?.saved) return { context, files };
  if (files.length > 1) {
    throw new UserError({
      message: `${plan.file} is a saved plan, and only one can be applied at a time.`,
      hint: `Run: hostwright apply ${plan.file}`,
    });
  }
  const { saved } = plan;
  const hostFile = resolve(context.cwd, plan.file, '..', saved.hostFile);
  return { context: { ...context, globals: globalsOf(saved, context.globals) }, files: [hostFile], saved };
}
