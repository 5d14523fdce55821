import type { HostSession, Summary } from '../apply/session.ts';
import { EXIT, UserError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { HostRun } from './host-run.ts';
import { showPlan } from './show-plan.ts';

const QUESTIONS = {
  apply: 'Change',
  rollback: 'Take this back on',
  remove: 'Take this off',
} as const;

/**
 * Shows a plan, asks unless `--yes` was given, and runs it.
 * @returns how it ended; undefined when the person said no. Sets the exit code.
 * @throws {UserError} when there is nobody to ask.
 */
export async function carryOut(
  run: HostRun,
  session: HostSession,
  plan: Plan,
  { yes }: { readonly yes: boolean },
): Promise<Summary | undefined> {
  const { context } = run;
  if (!context.globals.json) await showPlan(run, plan);
  if (needsWord(plan) && !yes && !(await isConfirmed(run, plan))) {
    await run.warn('Nothing was changed.');
    context.end(EXIT.failed);
    return undefined;
  }
  const summary = await session.apply(plan);
  if (summary.failed > 0) context.end(EXIT.failed);
  return summary;
}

/** Whether there is anything to ask about: something to do, and nothing that will stop it anyway. */
function needsWord({ changes, pending, lacking }: Plan): boolean {
  return (
    !lacking && changes.length + pending.length > 0 && changes.every(({ conflict }) => conflict === undefined)
  );
}

async function isConfirmed({ ask, context }: HostRun, plan: Plan): Promise<boolean> {
  if (!context.interactive) {
    throw new UserError({
      message: `${plan.host} would be changed, and there is no terminal to ask on.`,
      hint: `Nothing was changed. Run it with --yes${plan.kind ? '' : ', or look first with `hostwright plan`'}.`,
    });
  }
  return ask.confirm(`${QUESTIONS[plan.kind ?? 'apply']} ${plan.host} now?`);
}
