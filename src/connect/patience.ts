import type { Ask } from './connection.ts';

/** A clock that stands still while a person is being asked, and begins anew then: that the host asks is an answer. */
export interface Patience {
  /** The same questions; the clock does not run while one is open. */
  readonly ask: Ask;
  stop(): void;
}

/**
 * Calls `onEnd` once `ms` milliseconds have passed without a question: servers let those wait who were wrong (pam_unix(8),
 * nodelay; some seconds each time), so three wrong passwords may take longer than one login.
 */
export function patience(ms: number, ask: Ask, onEnd: () => void): Patience {
  let stopped = false;
  let timer = setTimeout(onEnd, ms);

  const pause = async <T>(question: () => Promise<T>): Promise<T> => {
    clearTimeout(timer);
    try {
      return await question();
    } finally {
      if (!stopped) timer = setTimeout(onEnd, ms);
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
