import type { Ask } from './connection.ts';

/** A clock that stands still while a person is being asked. */
export interface Patience {
  /** The same questions; the clock does not run while one is open. */
  readonly ask: Ask;
  stop(): void;
}

/** Calls `onEnd` once `ms` milliseconds have passed that were nobody's time to think. */
export function patience(ms: number, ask: Ask, onEnd: () => void): Patience {
  let left = ms;
  let since = Date.now();
  let stopped = false;
  let timer = setTimeout(onEnd, left);

  const pause = async <T>(question: () => Promise<T>): Promise<T> => {
    clearTimeout(timer);
    left -= Date.now() - since;
    try {
      return await question();
    } finally {
      since = Date.now();
      if (!stopped) timer = setTimeout(onEnd, left);
    }
  };

  return {
    ask: {
      interactive: ask.interactive,
      secret: (question) => pause(() => ask.secret(question)),
      confirm: (question) => pause(() => ask.confirm(question)),
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
