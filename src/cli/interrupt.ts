import { EXIT } from '../errors.ts';

/** One Ctrl-C may arrive twice (from the terminal and from npm or sudo): within this many milliseconds it counts once. */
const ONE_PRESS = 300;

/** What {@link watchInterrupts} needs of the process. */
interface Signals {
  on(event: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(event: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/**
 * Turns Ctrl-C and SIGTERM into an AbortSignal. The first asks the work to stop at a safe point; the second
 * leaves at once, and what is under way on the host goes on there.
 * @returns the signal, and a function that stops watching.
 */
export function watchInterrupts(
  tell: (text: string) => void,
  leave: (code: number) => void,
  { signals = process, now = Date.now }: { readonly signals?: Signals; readonly now?: () => number } = {},
): { readonly signal: AbortSignal; readonly stop: () => void } {
  const controller = new AbortController();
  let firstAt: number | undefined;
  const onSignal = (): void => {
    if (firstAt === undefined) {
      firstAt = now();
      tell('Stopping at the next safe point. Press Ctrl-C again to leave at once.');
      controller.abort();
    } else if (now() - firstAt > ONE_PRESS) {
      tell(
        'Left. A run that had begun goes on by itself on the host; the next `hostwright apply` attaches to it.',
      );
      leave(EXIT.interrupted);
    }
  };
  signals.on('SIGINT', onSignal);
  signals.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    stop: () => {
      signals.off('SIGINT', onSignal);
      signals.off('SIGTERM', onSignal);
    },
  };
}
