import type { RootShell } from '../connect/root-shell.ts';
import { HostError, InterruptedError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunOutcome } from './follow.ts';
import type { SessionOptions, Summary } from './session.ts';

/** Who tells it, and what a session counts. */
interface Speaker {
  readonly options: Pick<SessionOptions, 'listener'>;
  readonly shell: Pick<RootShell, 'exchanges'>;
  /** `performance.now()` when the session began. */
  readonly started: number;
}

/**
 * Tells how a run ended, as its last event.
 * @throws {HostError} when another run was in the way; {InterruptedError} when it was stopped by Ctrl-C.
 */
export function summarise(
  { options, shell, started }: Speaker,
  plan: Plan,
  run: string | null,
  outcome: RunOutcome | undefined,
): Summary {
  if (outcome?.busy !== undefined) {
    throw new HostError(`Another run is going on on this host: ${outcome.busy}.`, {
      hint: 'Nothing was changed. Run the same command again: it follows that run to its end first.',
    });
  }
  const reached = new Set([
    ...(outcome?.changed ?? []),
    ...(outcome?.unchanged ?? []),
    ...(outcome?.failed ?? []),
  ]);
  const failed =
    outcome && outcome.status !== 0 && outcome.status !== 130 ? Math.max(1, outcome.failed.length) : 0;
  const summary: Summary = {
    event: 'summary',
    run,
    changed: outcome?.changed.length ?? 0,
    unchanged: plan.unchanged + (outcome?.unchanged.length ?? 0),
    failed,
    skipped: outcome ? plan.changes.map(({ id }) => id).filter((id) => !reached.has(id)) : [],
    seconds: Math.round(performance.now() - started) / 1_000,
    roundTrips: shell.exchanges,
  };
  options.listener(summary);
  if (outcome?.status === 130) {
    throw new InterruptedError('Stopped between two steps, as you asked. Everything before that is done.', {
      hint: 'Run the same command again to do the rest.',
    });
  }
  return summary;
}
