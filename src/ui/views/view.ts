import type { Listener } from '../../events.ts';
import type { Paint } from '../paint.ts';

/** Shows a run while it goes on. The same events go to every kind of view. */
export interface View {
  /** Never throws. */
  readonly listener: Listener;
  /** Leaves the screen alone until the next event: a question is about to be asked. */
  pause(): Promise<void>;
  /** Resolves once everything that was told has been shown. Safe to call twice. */
  end(): Promise<void>;
}

/** What a view for people draws with. */
export interface ViewLook {
  readonly stream: NodeJS.WriteStream;
  readonly paint: Paint;
  readonly verbose: boolean;
  /** Only what went wrong, and the last line. */
  readonly quiet: boolean;
  /** Put before every line, when several hosts talk at once. */
  readonly prefix?: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}
