/** Gives a slot back; calling it again does nothing. */
export type Release = () => void;

/**
 * At most `limit` holders at once, the others wait in the order they came.
 * sshd closes the door at MaxSessions (10 by default, sshd_config(5)) and frees a session late,
 * so a connection keeps well below it.
 */
export function slots(limit: number): () => Promise<Release> {
  const waiting: (() => void)[] = [];
  let taken = 0;

  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else taken -= 1;
  };

  return async () => {
    if (taken < limit) taken += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    let released = false;
    return () => {
      if (!released) leave();
      released = true;
    };
  };
}
