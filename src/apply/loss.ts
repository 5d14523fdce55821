import { ConnectError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { CONFIRM_SECONDS } from './script.ts';

/** Says what a lost connection means for the run that it followed; other errors stay as they are. */
export function explainLoss(error: unknown, plan: Plan, uploaded: boolean): unknown {
  if (!(error instanceof ConnectError)) return error;
  if (!uploaded) {
    return new ConnectError(error.message, {
      cause: error,
      hint: 'Nothing was changed: the upload was not complete. Run the same command again.',
    });
  }
  return new ConnectError(error.message, {
    cause: error,
    hint: isGuarded(plan)
      ? `The host undoes a change that nobody confirms within ${CONFIRM_SECONDS} seconds. Then run ${again(plan)}.`
      : `The run goes on on the host without this computer. Run ${again(plan)} to follow it to its end.`,
  });
}

/** A rollback that has ended meanwhile must not be followed by one of the run before: so it is named. */
function again({ kind, undoes = [] }: Plan): string {
  const oldest = kind === 'rollback' ? undoes.at(-1) : undefined;
  return oldest === undefined ? 'the same command again' : `\`hostwright rollback ${oldest}\``;
}

/** Whether something of the plan could cut the way in. */
export function isGuarded({ steps }: Plan): boolean {
  return steps.some(({ changes }) => changes[0]?.resource.guarded);
}
