import type { RunEvent } from '../../events.ts';
import { planObject } from '../../plan/render-json.ts';
import type { View } from './view.ts';

/**
 * One JSON object a line. The summary is held back until the view ends, because the contract has it last,
 * after a check's report.
 */
export function createJsonView(write: (value: object) => void): View {
  let summary: RunEvent | undefined;
  return {
    listener: (event) => {
      if (event.event === 'summary') summary = event;
      else write(eventObject(event));
    },
    pause: async () => undefined,
    end: async () => {
      if (summary) write(eventObject(summary));
      summary = undefined;
    },
  };
}

/** An event as data; a plan's steps hold shell and streams, and stay here. */
function eventObject(event: RunEvent): object {
  if (event.event !== 'planned') return { v: 1, ...event };
  return { v: 1, event: 'planned', plan: planObject(event.plan) };
}
