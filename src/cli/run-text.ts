import type { JournalChange, JournalDetail, JournalRun, PathChange, Standing } from '../journal/run.ts';
import { span } from '../span.ts';
import type { Paint } from '../ui/paint.ts';
import { plainLine, plainText } from '../ui/plain-text.ts';
import { coloured, count, localTime, statusText, who } from './runs-text.ts';

/** Lines of a diff that are shown unless `--verbose`. */
const SHOWN_LINES = 40;

/** One run for people. Pure. */
export function renderRun(detail: JournalDetail, paint: Paint, verbose: boolean): string {
  const { run, changes, paths, notes, morePaths } = detail;
  return [
    ...headOf(run, paint),
    '',
    changes.length === 0 ? 'What it changed is not known any more.' : `${count(changes.length, 'change')}:`,
    ...changes.flatMap((change) => changeLines(change, paint)),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `  ${plainLine(note)}`)] : []),
    ...paths.flatMap((path) => ['', ...pathLines(path, paint, verbose)]),
    ...(morePaths > 0 ? ['', `And ${count(morePaths, 'more path')}.`] : []),
  ].join('\n');
}

function headOf(run: JournalRun, paint: Paint): string[] {
  const { by, client, only, kind, started, ended, seconds, clockOff } = run;
  const place = [by?.folder, by?.file].filter((part) => part !== undefined).join(', ');
  const rows: [string, string | undefined][] = [
    ['what', only === undefined ? kind : `${kind}, only ${only}`],
    ['who', who(run)],
    ['from', client === undefined ? undefined : `${client}, as the host saw it`],
    ['host file', place === '' ? undefined : place],
    ['hostwright', by?.version],
    ['began', localTime(started)],
    [
      'ended',
      ended === undefined ? undefined : `${localTime(ended)}, after ${count(seconds ?? 0, 'second')}`,
    ],
    ['clock', clockOff === undefined ? undefined : clockText(clockOff)],
    ['kept', run.pruned ? 'not everything that taking it back would need' : undefined],
  ];
  return [
    `${paint.strong(plainLine(run.id))}  ${coloured(run, statusText(run), paint)}`,
    ...rows.flatMap(([label, value]) =>
      value === undefined ? [] : [`  ${paint.dim(label.padEnd(10))}  ${plainLine(value)}`],
    ),
  ];
}

/** How far the host's clock was off, in the largest unit that fits. */
function clockText(seconds: number): string {
  const direction = seconds > 0 ? 'ahead of' : 'behind';
  return `the host's was ${span(seconds)} ${direction} the other computer's`;
}

function changeLines(
  { id, outcome, summary, reason, output, seconds }: JournalChange,
  paint: Paint,
): string[] {
  const mark = { changed: paint.good, failed: paint.bad }[String(outcome)] ?? paint.dim;
  const time = seconds !== undefined && seconds >= 1 ? paint.dim(` (${seconds.toFixed(1)} s)`) : '';
  const said = [reason, output].filter((text) => text !== undefined && text !== '');
  return [
    `  ${mark(outcome.padEnd(11))}  ${plainLine(id)}  ${paint.dim(plainLine(summary))}${time}`,
    ...said.flatMap((text) =>
      plainText(text ?? '')
        .split('\n')
        .slice(-12)
        .map((line) => paint.dim(`      │ ${line}`)),
    ),
  ];
}

function pathLines(path: PathChange, paint: Paint, verbose: boolean): string[] {
  const { before, after, diff, withheld, seenBy, editedSince } = path;
  const since =
    seenBy === 'now' ? (editedSince ? ', compared with what stands there now: changed since' : '') : '';
  const head = `${paint.strong(plainLine(path.path))}  ${paint.dim(standings(before, after) + since)}`;
  if (withheld !== undefined) return [head, `  ${withheld}`];
  const lines = plainText(diff ?? '')
    .split('\n')
    .filter((line) => line !== '');
  const shown = verbose ? lines : lines.slice(0, SHOWN_LINES);
  const left = lines.length - shown.length;
  return [
    head,
    ...shown.map((line) => `  ${diffLine(line, paint)}`),
    ...(left > 0 ? [paint.dim(`  … ${left} more lines (--verbose)`)] : []),
  ];
}

function diffLine(line: string, paint: Paint): string {
  if (line.startsWith('+')) return paint.good(line);
  if (line.startsWith('-')) return paint.bad(line);
  return line.startsWith('@@') ? paint.accent(line) : line;
}

function standings(before: Standing, after: Standing): string {
  const [was, is] = [standing(before), standing(after)];
  if (before.type === 'absent') return `new: ${is}`;
  return was === is ? was : `${was} → ${is}`;
}

function standing({ type, mode, owner, group, size, target }: Standing): string {
  if (type === 'absent') return 'absent';
  if (target !== undefined) return `link to ${plainLine(target)}`;
  const what = type.startsWith('regular') ? `${size ?? 0} bytes` : plainLine(type);
  return `${what}, ${plainLine(mode ?? '')} ${plainLine(owner ?? '')}:${plainLine(group ?? '')}`;
}
