import type { RunEvent } from '../../events.ts';
import type { Paint } from '../paint.ts';
import { plainLine, plainText } from '../plain-text.ts';

type Of<Name extends RunEvent['event']> = Extract<RunEvent, { event: Name }>;

/** Resources of one step that are named. */
const NAMED_IDS = 3;

/** Lines of a failed program's output that are shown without `--verbose`. */
const OUTPUT_LINES = 12;

/** `0.4 s`, `12 s`, `3 min 20 s`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Bytes as people say them, in powers of ten: `1.2 MB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

/** Which resources a step is about, and what it does to them. */
export function stepTitle({ ids, summary }: Pick<Of<'step-started'>, 'ids' | 'summary'>): string {
  const more = ids.length - NAMED_IDS;
  const named = ids.slice(0, NAMED_IDS).map(plainLine).join(', ');
  const what = summary === '' ? '' : `: ${plainLine(summary)}`;
  return `${named}${more > 0 ? ` and ${more} more` : ''}${what}`;
}

/** Why a step failed, and the last of what it printed. */
export function failureLines(
  { reason, output }: Pick<Of<'step-ended'>, 'reason' | 'output'>,
  { paint, verbose }: { readonly paint: Paint; readonly verbose: boolean },
): readonly string[] {
  const printed = output ? plainText(output).trimEnd().split('\n') : [];
  const shown = verbose ? printed : printed.slice(-OUTPUT_LINES);
  const left = printed.length - shown.length;
  return [
    ...(reason ? [paint.bad(plainText(reason))] : []),
    ...(left > 0 ? [paint.dim(`… ${left} earlier lines (--verbose)`)] : []),
    ...shown.map((line) => paint.dim(`│ ${line}`)),
  ];
}

/** What was not reached, and `changed: 12, unchanged: 34, failed: 0 · 8.2 s · 3 round trips`. */
export function summaryLines(
  summary: Of<'summary'>,
  { paint, verbose }: { readonly paint: Paint; readonly verbose: boolean },
): readonly string[] {
  const { changed, unchanged, failed, skipped, seconds, roundTrips, run } = summary;
  const counts = `changed: ${changed}, unchanged: ${unchanged}, failed: ${failed}`;
  const colour = failed > 0 ? paint.bad : paint.good;
  const about = [
    duration(seconds),
    `${roundTrips} round trips`,
    ...(run && verbose ? [`run ${plainLine(run)}`] : []),
  ];
  const missed = skipped.map((id) => `  ${plainLine(id)}`);
  return [
    ...(missed.length > 0 ? [paint.changed('Planned, and not reached:'), ...missed] : []),
    `${colour(counts)} ${paint.dim(`· ${about.join(' · ')}`)}`,
  ];
}

/** One line for the events that are sentences; undefined for those that a view shows in its own way. */
export function sentence(event: RunEvent, paint: Paint): string | undefined {
  switch (event.event) {
    case 'connecting':
      return paint.dim(`Connecting to ${plainLine(event.target)} …`);
    case 'connected':
      return `Connected to ${paint.strong(plainLine(event.target))} ${paint.dim(`· ${plainLine(event.os)}`)}`;
    case 'attached':
      return paint.changed(
        `Run ${plainLine(event.run)} of ${plainLine(event.owner)} is still going on: following it to its end first.`,
      );
    case 'confirming':
      return `Proving that a new connection still gets in; else the host goes back by itself within ${event.seconds} s.`;
    case 'confirmed':
      return paint.good('A new connection gets in: the change stays.');
    case 'reverted':
      return paint.bad(`The host went back to how it was: ${plainLine(event.reason)}`);
    case 'note':
      return plainLine(event.text);
    case 'kept':
      return `Kept what was made since: ${paint.strong(plainLine(event.place))} ${paint.dim(`(was ${plainLine(event.path)})`)}`;
    case 'stays':
      return `Left where it is: ${paint.strong(plainLine(event.path))}, ${plainLine(event.text)}`;
    default:
      return undefined;
  }
}
