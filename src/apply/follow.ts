import type { Listener } from '../events.ts';
import type { Plan } from '../plan/plan.ts';

/** The host ends a line with this (CAN, ECMA-48 §8.3.6) that it could not write whole. */
export const CUT = '\u0018';

/** Bytes below which a file system counts as full. */
const FULL = 1_048_576;

/** What the event file of a run has said so far. */
export interface RunOutcome {
  /** Exit status of the run: 0 done, 1 failed, 75 another run was going on, 130 stopped, 137 killed. */
  readonly status: number;
  readonly changed: readonly string[];
  readonly unchanged: readonly string[];
  readonly failed: readonly string[];
  /** Present when another run was going on: its owner. */
  readonly busy?: string;
}

export interface FollowHandlers {
  readonly listener: Listener;
  /** The run waits for a fresh connection; called once for each confirmation. */
  confirm(seconds: number): void;
}

/**
 * Turns the lines of a run's event file (see `runner.ts`) into events. Steps are known by their number in `plan`;
 * without a plan (attached to another's run) the ids are those numbers.
 */
export function follower(plan: Plan | undefined, { listener, confirm }: FollowHandlers) {
  const changed: string[] = [];
  const unchanged: string[] = [];
  const failed: string[] = [];
  /** Changed, and undone again by the host unless they are confirmed. */
  let unconfirmed: string[] = [];
  let status = 137;
  let busy: string | undefined;
  const ids = (step: string): readonly string[] =>
    plan?.steps[Number(step)]?.changes.map(({ change }) => change.id) ?? [`step ${Number(step) + 1}`];

  const handlers: Readonly<Record<string, (fields: readonly string[]) => void>> = {
    'step-started': ([step = '']) => {
      const changes = plan?.steps[Number(step)]?.changes ?? [];
      listener({
        event: 'step-started',
        ids: ids(step),
        summary: changes.map(({ change }) => change.summary).join('; '),
      });
    },
    'step-ended': ([step = '', result = '', time = '0', reason = '', output = '']) => {
      const outcome = result === 'changed' || result === 'unchanged' ? result : 'failed';
      const list = { changed, unchanged, failed }[outcome];
      list.push(...ids(step));
      if (outcome === 'changed') unconfirmed.push(...guardedIds(plan, step));
      listener({
        event: 'step-ended',
        ids: ids(step),
        status: outcome,
        seconds: Number(time) / 100,
        ...(outcome === 'failed' ? { reason: text(reason), output: text(output).trim() } : {}),
      });
    },
    notified: ([service = '', action = '', result = '', output = '']) =>
      listener({
        event: 'notified',
        service,
        action: action === 'restart' ? 'restart' : 'reload',
        ok: result === 'ok',
        ...(output ? { output: text(output).trim() } : {}),
      }),
    confirm: ([seconds = '']) => {
      listener({ event: 'confirming', seconds: Number(seconds) });
      confirm(Number(seconds));
    },
    confirmed: () => {
      unconfirmed = [];
      listener({ event: 'confirmed' });
    },
    reverted: ([reason = '']) => {
      // What the host has undone again was not changed, whatever its step said.
      for (const id of unconfirmed) failed.push(...changed.splice(changed.indexOf(id), 1));
      unconfirmed = [];
      listener({ event: 'reverted', reason: text(reason) });
    },
    note: ([words = '']) => listener({ event: 'note', text: text(words) }),
    kept: ([path = '', place = '']) => listener({ event: 'kept', path: text(path), place: text(place) }),
    stays: ([path = '', words = '']) => listener({ event: 'stays', path: text(path), text: text(words) }),
    busy: ([owner = '']) => {
      busy = text(owner);
    },
    full: ([free = '']) => listener({ event: 'note', text: fullText(free) }),
    lost: ([free = '']) => listener({ event: 'note', text: lostText(free) }),
    end: ([code = '137']) => {
      status = Number(code);
    },
  };

  return {
    line(line: string): void {
      // Cut short by a full disk, and said again.
      if (line.endsWith(CUT)) return;
      const [name = '', ...fields] = line.split('\t');
      if (Object.hasOwn(handlers, name)) handlers[name]?.(fields);
    },
    outcome: (): RunOutcome => ({
      status,
      changed,
      unchanged,
      failed,
      ...(busy === undefined ? {} : { busy }),
    }),
  };
}

function lostText(free: string): string {
  const next =
    free !== '' && Number(free) < FULL
      ? fullText(free)
      : 'Run the same command again: it finds out what was done and goes on from there.';
  return `The run ended on the host without saying how. ${next}`;
}

function fullText(free: string): string {
  return `The disk of the host is full, ${free} bytes left where runs are recorded: make room (df -h /var/lib/hostwright), then run the same command again.`;
}

function guardedIds(plan: Plan | undefined, step: string): readonly string[] {
  const changes = plan?.steps[Number(step)]?.changes ?? [];
  return changes.filter(({ resource }) => resource.guarded).map(({ change }) => change.id);
}

function text(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
