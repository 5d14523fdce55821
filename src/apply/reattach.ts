import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from '../connect/connection.ts';
import type { RootShell } from '../connect/root-shell.ts';
import { ConnectError } from '../errors.ts';
import type { Listener } from '../events.ts';
import { CONFIRM_SECONDS } from './script.ts';

/** Milliseconds between two attempts to get in anew. */
const PAUSE = 2_000;

/** Milliseconds in which the host goes back by itself when nobody gets in, and lets us in again. */
const PATIENCE = (CONFIRM_SECONDS + 60) * 1_000;

/** A connection with the session's program at its other end. */
export interface Live {
  readonly connection: Connection;
  readonly shell: RootShell;
}

/** Hands on lines of an event file that is read again from its first line, each only once. */
export function resumable(line: (text: string) => void) {
  let seen = 0;
  let known = 0;
  return {
    line: (text: string): void => {
      if (known > 0) {
        known -= 1;
        return;
      }
      seen += 1;
      line(text);
    },
    /** The next line is the first of the file again. */
    again: (): void => {
      known = seen;
    },
  };
}

interface ReattachOptions {
  readonly run: string;
  /** The connection that was lost. */
  readonly connection: Connection;
  readonly lines: ReturnType<typeof resumable>;
  readonly listener: Listener;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  openShell(connection: Connection): Promise<RootShell>;
}

/**
 * A guarded change may take the connection with it that follows the run: gets in anew, by the same path, and follows
 * the run to its end. If the way in is cut the host goes back by itself, and lets us in after that.
 * @returns the connection that took the place of the lost one
 * @throws {ConnectError} `loss`, when nothing got through.
 */
export async function reattach(loss: ConnectError, options: ReattachOptions): Promise<Live> {
  const { run, connection, lines, listener, signal, openShell } = options;
  listener({
    event: 'note',
    text: 'The connection was lost while the way in was being changed; connecting anew …',
  });
  let deadline = Date.now() + PATIENCE;
  while (Date.now() < deadline && !signal.aborted) {
    const fresh = await connection.again().catch(() => undefined);
    if (!fresh) {
      await pause(PAUSE, undefined, { signal }).catch(() => undefined);
      continue;
    }
    try {
      const shell = await openShell(fresh);
      deadline = Date.now() + PATIENCE;
      lines.again();
      await shell.attach(run, lines.line);
      return { connection: fresh, shell };
    } catch (error) {
      await fresh.close().catch(() => undefined);
      if (!(error instanceof ConnectError)) throw error;
      await pause(PAUSE, undefined, { signal }).catch(() => undefined);
    }
  }
  throw loss;
}
