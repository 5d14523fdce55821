import { writeSync } from 'node:fs';
import type { ViewLook } from './view.ts';

/** What a drawn task lets us change: listr2's wrapper has more. */
interface Drawn {
  title?: string | undefined;
  output: string;
}

/** A part of a run that is drawn with a spinner until it is closed, and then stays on the screen as one line. */
export interface Segment {
  readonly key: string;
  title(text: string): void;
  output(text: string): void;
  close(ok: boolean): Promise<void>;
}

const SHOW_CURSOR = '\u001b[?25h';

/** Draws with listr2 until closed. Only one may be open on a stream at a time. */
export async function openSegment(
  key: string,
  title: string,
  { stream, signal, paint }: Pick<ViewLook, 'stream' | 'signal' | 'paint'>,
): Promise<Segment> {
  const { DefaultRenderer, Listr, ListrLogger, ProcessOutput } = await import('listr2');
  /** listr2 asks stdout whether it is a terminal; whether ours is one has been decided before. */
  class Renderer extends DefaultRenderer {
    static override nonTTY = true;
  }
  let settle = (_ok: boolean): void => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    settle = (ok) => (ok ? resolve() : reject(new Error(title)));
  });
  let finished: Promise<void> = Promise.resolve();
  const drawn = await new Promise<Drawn>((resolve) => {
    const task = (_: unknown, wrapper: Drawn): Promise<void> => {
      resolve(wrapper);
      return ended;
    };
    const listr = new Listr([{ title, task }], {
      // listr2's own listener for Ctrl-C would end the process with code 127.
      registerSignalListeners: false,
      renderer: Renderer,
      rendererOptions: {
        logger: new ListrLogger({ useIcons: true, processOutput: new ProcessOutput(stream) }),
        formatOutput: 'truncate',
        showErrorMessage: false,
      },
    });
    // A failed segment has been told about by its event already.
    finished = listr.run().then(ignore, ignore);
  });
  const onAbort = (): void => {
    drawn.output = paint.changed('Stopping at the next safe point …');
  };
  // The cursor is hidden while listr2 draws; leaving at once must not leave it so.
  const onExit = (): void => {
    writeSync(process.stderr.fd, SHOW_CURSOR);
  };
  signal.addEventListener('abort', onAbort);
  process.once('exit', onExit);
  return {
    key,
    title: (text) => {
      drawn.title = text;
    },
    output: (text) => {
      if (!signal.aborted) drawn.output = text;
    },
    close: async (ok) => {
      signal.removeEventListener('abort', onAbort);
      process.off('exit', onExit);
      settle(ok);
      await finished;
    },
  };
}

const ignore = (): void => undefined;
