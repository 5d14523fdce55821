import type { RootShell } from '../connect/root-shell.ts';
import { InterruptedError } from '../errors.ts';
import type { Facts } from '../facts/facts.ts';
import { follower } from './follow.ts';
import type { Followed, SessionOptions } from './session.ts';

/** What was met, and followed to its end. */
export interface Met {
  readonly facts: Facts;
  readonly followed?: Followed;
}

/**
 * A run that lost its controller goes on on the host: `apply` follows it to its end, other commands mention it.
 * @param read reads the facts anew, since such a run may have changed them
 */
export async function meetActiveRun(
  shell: RootShell,
  facts: Facts,
  read: () => Promise<Facts>,
  options: SessionOptions,
): Promise<Met> {
  const { active } = facts.runs;
  if (!active) return { facts };
  const { listener, signal } = options;
  if (!options.attach) {
    listener({ event: 'note', text: `A run is going on there: ${active.owner} (${active.id}).` });
    return { facts };
  }
  listener({ event: 'attached', run: active.id, owner: active.owner });
  const following = follower(undefined, { listener, confirm: () => undefined });
  await Promise.race([shell.attach(active.id, following.line), leftAlone(signal)]);
  const { status, changed, failed } = following.outcome();
  const end = status === 0 ? 'has ended well' : 'has ended with a failure';
  listener({ event: 'note', text: `That run ${end}: ${changed.length} changed, ${failed.length} failed.` });
  return { facts: await read(), followed: { run: active.id, ok: status === 0 } };
}

/** Ctrl-C while another's run is followed: only the following ends. */
function leftAlone(signal: AbortSignal): Promise<never> {
  const left = (): InterruptedError =>
    new InterruptedError('You no longer follow that run; it goes on on the host.', {
      hint: 'Run the same command again to see how it ended.',
    });
  return new Promise((_, reject) => {
    if (signal.aborted) reject(left());
    signal.addEventListener('abort', () => reject(left()), { once: true });
  });
}
