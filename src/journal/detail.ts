import { z } from 'zod';
import { CUT } from '../apply/follow.ts';
import { HostError } from '../errors.ts';
import { textDiff } from '../plan/text-diff.ts';
import { decode, linesOf, parseRun } from './parse.ts';
import type { ChangeOutcome, JournalChange, JournalDetail, JournalRun, PathChange, Standing } from './run.ts';

const Plan = z.object({
  changes: z
    .array(
      z.object({
        id: z.string(),
        role: z.string().catch(''),
        kind: z.string().catch(''),
        action: z.string().catch(''),
        summary: z.string().catch(''),
      }),
    )
    .catch([]),
});

/**
 * Reads the answer to `showScript`. Pure.
 * @throws {HostError} when no run, or more than one, is meant by `wanted`.
 */
export function parseDetail(output: Buffer, wanted: string): JournalDetail {
  const lines = linesOf(output);
  const matches = lines.filter(([label]) => label === 'match').map(([, id = '']) => id);
  if (matches.length > 0) {
    throw new HostError(`Several runs begin with ${wanted}: ${matches.join(', ')}.`, {
      hint: 'Write more of the one that you mean.',
    });
  }
  const found = lines.find(([label]) => label === 'run');
  if (!found) {
    const message = wanted === 'last' ? 'There has been no run on this host.' : `There is no run ${wanted}.`;
    throw new HostError(message, { hint: 'See the runs of this host with `hostwright runs`.' });
  }
  const run = parseRun(found.slice(1));
  const text = (label: string): string => decode(lines.find(([first]) => first === label)?.[1] ?? '');
  const paths = lines.filter(([label]) => label === 'path').map(([, ...fields]) => parsePath(fields));
  const undone = lines
    .filter(([label]) => label === 'undone')
    .flatMap(([, step = '', ids = '']) =>
      decode(ids)
        .split('\n')
        .map((id) => `${decode(step)}\t${id}`),
    );
  const events = text('events')
    .split('\n')
    .filter((line) => !line.endsWith(CUT))
    .map((line) => line.split('\t'));
  return {
    run,
    changes: changesOf(run, text('plan'), text('resources'), events, new Set(undone)),
    paths: paths.filter(
      ({ before, after, diff, withheld }) =>
        diff !== undefined || withheld !== undefined || differ(before, after),
    ),
    notes: notesOf(events),
    morePaths: Math.max(0, Number(lines.find(([label]) => label === 'paths')?.[1] ?? 0) - paths.length),
  };
}

type Lines = readonly (readonly string[])[];

function changesOf(
  run: JournalRun,
  plan: string,
  resources: string,
  events: Lines,
  undone: ReadonlySet<string>,
): readonly JournalChange[] {
  const parsed = Plan.safeParse(jsonOf(plan));
  const steps = new Map(
    resources.split('\n').map((line) => {
      const [step = '', , , guarded, ...id] = line.split('\t');
      return [id.join('\t'), { step, guarded: guarded === 'guarded' }] as const;
    }),
  );
  const isBegun = (step: string): boolean =>
    events.some(([event, number]) => event === 'step-started' && number === step);
  const isReverted = events.some(([event]) => event === 'reverted');
  return (parsed.success ? parsed.data.changes : []).map((change) => {
    const place = steps.get(change.id);
    if (!place) return { ...change, outcome: 'unknown' };
    const ended = events.find(([event, step]) => event === 'step-ended' && step === place.step);
    const [, , result, time = '', reason = '', said = ''] = ended ?? [];
    const outcome = (): ChangeOutcome => {
      if (undone.has(`${place.step}\t${change.id}`))
        return isReverted && place.guarded ? 'reverted' : 'undone';
      if (result === 'changed' || result === 'unchanged') return result;
      if (ended) return 'failed';
      if (!isBegun(place.step)) return events.length > 1 ? 'not reached' : 'unknown';
      return run.status === 'going on' ? 'under way' : 'failed';
    };
    const output = decode(said).trim();
    return {
      ...change,
      outcome: outcome(),
      ...(time === '' ? {} : { seconds: Number(time) / 100 }),
      ...(reason === '' ? {} : { reason: decode(reason) }),
      ...(output === '' ? {} : { output }),
    };
  });
}

/** What the events say besides the steps. */
function notesOf(events: Lines): readonly string[] {
  return events.flatMap(([event, first = '', second = '', third = '']) => {
    switch (event) {
      case 'reverted':
        return [`The host went back to how it was: ${decode(first)}`];
      case 'confirmed':
        return ['A new connection confirmed that the way in still works.'];
      case 'notified':
        return [
          `${first}: ${second === 'restart' ? 'restart' : 'reload'} ${third === 'ok' ? 'done' : 'failed'}.`,
        ];
      case 'note':
        return [decode(first)];
      case 'kept':
        return [`Kept what was made since: ${decode(second)} (was ${decode(first)})`];
      case 'stays':
        return [`Left where it is: ${decode(first)}, ${decode(second)}`];
      case 'full':
        return ['The disk of the host was full.'];
      case 'busy':
        return [`Another run was going on: ${decode(first)}`];
      default:
        return [];
    }
  });
}

function parsePath(fields: readonly string[]): PathChange {
  const [path = '', seenBy = 'now', edited, content = '', before = '', after = '', was = '-', is = '-'] =
    fields;
  const [then, now] = [standing(decode(before)), standing(decode(after))];
  return {
    path: decode(path),
    before: then,
    after: now,
    seenBy,
    editedSince: edited === '1',
    ...difference(content, then, now, was, is),
  };
}

function difference(
  content: string,
  before: Standing,
  after: Standing,
  was: string,
  is: string,
): Pick<PathChange, 'diff' | 'withheld'> {
  if (content === 'undone')
    return { withheld: 'It has been taken back; what stood there meanwhile is not kept.' };
  if (content === 'large') return { withheld: 'Too large to show.' };
  if (content === 'secret') return { withheld: 'Not everybody may read it, so only its size is shown.' };
  if (content !== 'shown') return {};
  const bytes = (text: string): Buffer => Buffer.from(text === '-' ? '' : text, 'base64');
  const old = before.type === 'absent' ? undefined : bytes(was);
  if (old?.equals(bytes(is)) && after.type !== 'absent') return {};
  return { diff: textDiff(old, bytes(is)) };
}

function standing(text: string): Standing {
  const [type = 'absent', mode, owner, group, size, ...target] = text.split('\t');
  if (mode === undefined) return { type: 'absent' };
  return {
    type,
    mode: mode.padStart(4, '0'),
    ...(owner === undefined ? {} : { owner }),
    ...(group === undefined ? {} : { group }),
    ...(size === undefined ? {} : { size: Number(size) }),
    ...(target.length === 0 ? {} : { target: target.join('\t') }),
  };
}

function differ(before: Standing, after: Standing): boolean {
  const keys = ['type', 'mode', 'owner', 'group', 'size', 'target'] as const;
  return keys.some((key) => before[key] !== after[key]);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
