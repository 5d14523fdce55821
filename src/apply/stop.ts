import { setTimeout as pause } from 'node:timers/promises';
import { STATE_DIRECTORY } from '../connect/program.ts';
import type { RootShell } from '../connect/root-shell.ts';
import type { Listener } from '../events.ts';
import { sh } from '../quote.ts';

/** Milliseconds between two attempts to leave word for a run. */
const PAUSE = 200;

interface StopOptions {
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  /** Aborted when the run has ended: there is nothing to stop any more. */
  readonly over: AbortSignal;
  readonly listener: Listener;
  /** Opens a second root shell on the connection. */
  openShell(): Promise<RootShell>;
}

/** Ctrl-C: asks the run on a second channel to stop after the step that is under way, or before its first. */
export function stopOnAbort(run: string, options: StopOptions): void {
  const { signal, over, listener } = options;
  const stop = (): void => {
    askToStop(run, options).catch(() => {
      if (over.aborted) return;
      listener({ event: 'note', text: 'The host could not be asked to stop; the run goes on there.' });
    });
  };
  signal.addEventListener('abort', stop, { once: true, signal: over });
}

async function askToStop(run: string, { openShell, over }: StopOptions): Promise<void> {
  const shell = await openShell();
  try {
    // The folder of a run comes into being with its upload: until then there is nowhere to leave word.
    while (!over.aborted) {
      const { status } = await shell.read(sh`: >${`${STATE_DIRECTORY}/runs/${run}/stop`}`);
      if (status === 0) return;
      await pause(PAUSE, undefined, { signal: over });
    }
  } finally {
    shell.close();
  }
}
