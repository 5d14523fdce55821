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
  /** Opens a root shell over a connection. */
  openShell(connection: Connection): Promise<RootShell>;
}

/**
 * Proves that the way in still works, by a handshake of its own on the same path, and tells the host so. If that does
 * not succeed the host undoes the change by itself, so this only stops trying.
 * @returns whether the host was told.
 */
export async function confirmByFreshConnection(options: ConfirmOptions): Promise<boolean> {
  const deadline = Date.now() + options.seconds * 1_000;
  // On the machine itself there is no path to prove; the person at it proves it from another place.
  if (options.local && options.ask.interactive) {
    const works = await options.ask.confirm(
      `Open a second session to this machine, from where you usually do, within ${options.seconds} seconds. Does it work?`,
    );
    if (!works) return false;
  }
  while (Date.now() < deadline) {
    if (await attempt(options)) return true;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
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
