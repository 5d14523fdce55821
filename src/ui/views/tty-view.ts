import type { RunEvent } from '../../events.ts';
import { plainLine } from '../plain-text.ts';
import { openSegment, type Segment } from './segment.ts';
import type { View, ViewLook } from './view.ts';
import { duration, failureLines, sentence, size, stepTitle, summaryLines } from './words.ts';

/** What the segment under way has done so far. */
interface Progress {
  changed: number;
  seconds: number;
  failed: boolean;
}

/**
 * For a terminal: a line with a spinner for each role while it is worked on, which then stays with what it came to.
 * Events are shown in order and one at a time, because listr2 takes the whole stream while it draws.
 */
export function createTtyView(look: ViewLook): View {
  const { stream, paint } = look;
  const roles = new Map<string, string>();
  let segment: Segment | undefined;
  let progress: Progress = { changed: 0, seconds: 0, failed: false };
  let queue: Promise<void> = Promise.resolve();

  const print = (...lines: readonly string[]): void => {
    for (const line of lines) stream.write(`${line}\n`);
  };
  const close = async (): Promise<void> => {
    if (!segment) return;
    const { changed, seconds, failed } = progress;
    const count = failed
      ? paint.bad('failed')
      : changed > 0
        ? paint.good(`${changed} changed`)
        : 'nothing to change';
    if (segment.key.startsWith('role:')) {
      segment.title(`${segment.key.slice(5)}  ${count} ${paint.dim(`· ${duration(seconds)}`)}`);
    }
    const open = segment;
    segment = undefined;
    await open.close(!failed);
  };
  const open = async (key: string, title: string): Promise<Segment> => {
    if (segment?.key === key) return segment;
    await close();
    progress = { changed: 0, seconds: 0, failed: false };
    segment = await openSegment(key, title, look);
    return segment;
  };

  const show = async (event: RunEvent): Promise<void> => {
    switch (event.event) {
      case 'planned':
        for (const { id, role } of event.plan.changes) roles.set(id, plainLine(role));
        return;
      case 'uploading': {
        const upload = await open('upload', 'Sending files');
        upload.title(`Sending files  ${size(event.bytes)} of ${size(event.total)}`);
        return;
      }
      case 'step-started': {
        const role = roles.get(event.ids[0] ?? '') ?? 'this run';
        const drawn = await open(`role:${role}`, role);
        drawn.output(stepTitle(event));
        return;
      }
      case 'step-ended':
        progress.seconds += event.seconds;
        if (event.status === 'changed') progress.changed += event.ids.length;
        if (event.status !== 'failed') return;
        progress.failed = true;
        await close();
        print(`  ${paint.bad('failed:')} ${event.ids.map(plainLine).join(', ')}`);
        print(...failureLines(event, look).map((line) => `    ${line}`));
        return;
      case 'notified': {
        await open(`notify:${event.service}`, `${event.action} ${plainLine(event.service)}`);
        progress.failed = !event.ok;
        await close();
        if (!event.ok)
          print(
            ...failureLines({ ...(event.output ? { output: event.output } : {}) }, look).map(
              (line) => `    ${line}`,
            ),
          );
        return;
      }
      case 'confirmed':
        segment?.title('A new connection still gets in: the change stays');
        return close();
      case 'confirming':
        await open('confirm', 'Proving that a new connection still gets in');
        return;
      case 'summary':
        await close();
        print('', ...summaryLines(event, look));
        return;
      default: {
        const text = sentence(event, paint);
        if (text === undefined) return;
        if (event.event === 'reverted') progress.failed = true;
        await close();
        print(text);
      }
    }
  };

  return {
    listener: (event) => {
      queue = queue.then(() => show(event)).catch(() => undefined);
    },
    pause: async () => {
      queue = queue.then(close);
      await queue;
    },
    end: async () => {
      queue = queue.then(close);
      await queue;
    },
  };
}
