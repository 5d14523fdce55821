import type { RunEvent } from '../../events.ts';
import { plainLine } from '../plain-text.ts';
import type { View, ViewLook } from './view.ts';
import { duration, failureLines, sentence, size, stepTitle, summaryLines } from './words.ts';

/** Bytes from which on an upload is worth lines of its own. */
const LONG_UPLOAD = 10_000_000;

/** One line an event: for pipes, logs and several hosts at once. Nothing is ever redrawn. */
export function createLinesView(look: ViewLook): View {
  const { stream, paint, verbose, quiet, prefix = '' } = look;
  const print = (...lines: readonly string[]): void => {
    for (const line of lines) stream.write(`${prefix}${line}\n`);
  };
  let steps = 0;
  let ended = 0;
  let title = '';
  let saidQuarter = 0;
  /** How many there are is not known of somebody else's run. */
  const counter = (next = 0): string => `[${ended + next}${steps > 0 ? `/${steps}` : ''}]`;

  const show = (event: RunEvent): void => {
    switch (event.event) {
      case 'started':
        steps = event.steps;
        ended = 0;
        return;
      case 'uploading': {
        if (event.total < LONG_UPLOAD) return;
        const quarter = Math.floor((4 * event.bytes) / event.total);
        if (quarter > saidQuarter) print(`uploaded ${size(event.bytes)} of ${size(event.total)}`);
        saidQuarter = Math.max(saidQuarter, quarter);
        return;
      }
      case 'step-started':
        title = stepTitle(event);
        if (verbose) print(paint.dim(`${counter(1)} ${title} …`));
        return;
      case 'step-ended': {
        ended += 1;
        const colour = event.status === 'changed' ? paint.good : paint.dim;
        print(`${counter()} ${colour(event.status)} ${title} ${paint.dim(`(${duration(event.seconds)})`)}`);
        return;
      }
      case 'notified':
        print(`${paint.good(event.action)} ${plainLine(event.service)}`);
        return;
      default: {
        const text = sentence(event, paint);
        if (text !== undefined) print(text);
      }
    }
  };

  return {
    listener: (event) => {
      if (event.event === 'summary') print(...summaryLines(event, look));
      else if (event.event === 'step-ended' && event.status === 'failed') {
        ended += 1;
        print(`${counter()} ${paint.bad('failed')} ${title}`);
        print(...failureLines(event, look).map((line) => `  ${line}`));
      } else if (event.event === 'notified' && !event.ok) {
        print(`${paint.bad(`${event.action} failed:`)} ${plainLine(event.service)}`);
        print(...failureLines(event, look).map((line) => `  ${line}`));
      } else if (!quiet || event.event === 'reverted') show(event);
    },
    pause: async () => undefined,
    end: async () => undefined,
  };
}
