import type { Ask } from '../connect/connection.ts';
import { HostError, InterruptedError, UserError } from '../errors.ts';
import type { Facts } from '../facts/facts.ts';
import { adoptFlag } from '../plan/adopt-flag.ts';
import type { Plan } from '../plan/plan.ts';

/** @throws {InterruptedError} when Ctrl-C came before anything was begun. */
export function refuseInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new InterruptedError('Stopped, as you asked; nothing was changed.');
}

/** @throws {HostError} naming every change that needs the user's word, and how to give it. */
export function refuseConflicts(plan: Plan): void {
  const { lines, hints } = describeConflicts(plan);
  if (lines.length === 0) return;
  throw new HostError(`Nothing was changed.\n${lines.join('\n')}`, { hint: hints.join('\n') });
}

/** What stops `apply`, a line each, and what to type about it. Pure. */
export function describeConflicts({ changes }: Pick<Plan, 'changes'>): {
  readonly lines: readonly string[];
  readonly hints: readonly string[];
} {
  const adopt = changes.filter(({ conflict }) => conflict === 'adopt').map(({ id }) => id);
  const edited = changes.filter(({ conflict }) => conflict === 'edited').map(({ id }) => id);
  return {
    lines: [
      ...adopt.map((id) => `${id} was there before hostwright.`),
      ...edited.map((id) => `${id} was edited by hand since the last run, where it is to be changed.`),
    ],
    hints: [
      ...(adopt.length > 0
        ? [
            `To take over what was there (its original is kept): hostwright apply ${adopt.map(adoptFlag).join(' ')}`,
          ]
        : []),
      ...(edited.length > 0
        ? [
            'To leave it as it was edited: --on-conflict keep. To put ours in its place: --on-conflict take. On a terminal `hostwright apply` asks about each, and lets you edit it.',
          ]
        : []),
    ],
  };
}

/** How the way in would be proven. */
interface Way {
  /** The host is this machine: there is no path to it that a handshake of ours could prove. */
  readonly local: boolean;
  readonly ask: Pick<Ask, 'interactive'>;
  readonly facts: Pick<Facts, 'ssh'>;
}

/**
 * On the machine itself a person proves from elsewhere that the way in still works. Without one it has to be sure
 * beforehand: it is when somebody is logged in by ssh, whose address the rules then let in.
 * @throws {UserError} when nobody could tell.
 */
export function refuseUnproven({ steps }: Plan, { local, ask, facts }: Way): void {
  const guarded = steps.flatMap(({ changes }) => changes).filter(({ resource }) => resource.guarded);
  if (!local || guarded.length === 0 || ask.interactive || facts.ssh.connection) return;
  throw new UserError({
    message: `${guarded.map(({ change }) => change.id).join(', ')} could cut the way into this machine, and there is no terminal to ask on whether it still works.`,
    hint: 'Nothing was changed. Run it on a terminal, or from another machine with connect: { ssh: … }.',
  });
}
