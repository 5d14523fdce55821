import { setTimeout as pause } from 'node:timers/promises';
import type { Ask, Connection } from '../connect/connection.ts';
import { RUNTIME_DIRECTORY } from '../connect/program.ts';
import type { RootShell } from '../connect/root-shell.ts';
import { sh } from '../quote.ts';

/** Milliseconds between two attempts to get in anew. */
const PAUSE = 2_000;

export interface ConfirmOptions {
  readonly connection: Connection;
  readonly run: string;
  readonly seconds: number;
  readonly local: boolean;
  readonly ask: Ask;
  /** Aborted when the run has ended, or the connection that follows it: there is nothing to confirm any more. */
  readonly over: AbortSignal;
  /** Opens a root shell over a connection. */
  openShell(connection: Connection): Promise<RootShell>;
}

/**
 * Proves that the way in still works, by a handshake of its own on the same path, and tells the host so. If that does
 * not succeed the host undoes the change by itself, so this only stops trying.
 * @returns whether the host was told.
 */
export async function confirmByFreshConnection(options: ConfirmOptions): Promise<boolean> {
  const { over } = options;
  const deadline = Date.now() + options.seconds * 1_000;
  // On the machine itself there is no path to prove; the person at it proves it from another place.
  if (options.local && options.ask.interactive) {
    const question = `Open a second session to this machine, from where you usually do, within ${options.seconds} seconds. Does it work?`;
    // A question that is left by Ctrl-C is no yes.
    if (!(await options.ask.confirm(question).catch(() => false))) return false;
  }
  while (Date.now() < deadline && !over.aborted) {
    if (await attempt(options)) return true;
    await pause(PAUSE, undefined, { signal: over }).catch(() => undefined);
  }
  return false;
}

async function attempt({ connection, run, openShell }: ConfirmOptions): Promise<boolean> {
  try {
    const fresh = await connection.again();
    try {
      const shell = await openShell(fresh);
      const { status } = await shell.read(
        sh`mkdir -p -m 700 -- ${RUNTIME_DIRECTORY} && : >${`${RUNTIME_DIRECTORY}/confirmed-${run}`}`,
      );
      shell.close();
      return status === 0;
    } finally {
      await fresh.close();
    }
  } catch {
    // Not getting in is an answer, not an error: the host reverts and its event says why.
    return false;
  }
}
