import type { Journal, JournalRun } from '../journal/run.ts';
import type { Paint } from '../ui/paint.ts';
import { plainLine } from '../ui/plain-text.ts';

/** The list of a host's runs for people. Pure. */
export function renderJournal(host: string, { runs, total, reach }: Journal, paint: Paint): string {
  const head = paint.strong(plainLine(host));
  if (runs.length === 0) return `${head}: hostwright has not run here.`;
  const rows = runs.map((run) => [
    localTime(run.started),
    plainLine(run.id),
    run.kind === 'apply' ? '' : plainLine(run.kind),
    statusText(run),
    run.changes === undefined ? '' : count(run.changes, 'change'),
    who(run),
  ]);
  const widths = rows.reduce<readonly number[]>(
    (most, row) => row.map((cell, index) => Math.max(most[index] ?? 0, cell.length)),
    [],
  );
  const lines = rows.map((row, line) => {
    const cells = row
      .map((cell, index) => {
        const padded = cell.padEnd(widths[index] ?? 0);
        const run = runs[line];
        return index === 3 && run ? coloured(run, padded, paint) : padded;
      })
      .filter((_, index) => (widths[index] ?? 0) > 0);
    return `  ${cells.join('  ').trimEnd()}`;
  });
  const more = total > runs.length ? [paint.dim(`  … and ${total - runs.length} older (--limit)`)] : [];
  return [head, ...lines, ...more, '', reachText(reach, total)].join('\n');
}

/** How a run stands, in words. */
export function statusText({ status, undoneBy }: JournalRun): string {
  return undoneBy === undefined ? status : `rolled back by ${plainLine(undoneBy)}`;
}

/** Green for what is well, red for what failed. */
export function coloured({ status }: JournalRun, text: string, paint: Paint): string {
  if (status === 'done') return paint.good(text);
  return status === 'failed' || status === 'interrupted' ? paint.bad(text) : paint.changed(text);
}

/** Who ran it, from which computer. */
export function who({ by, owner }: JournalRun): string {
  return plainLine(by?.user !== undefined && by.machine !== undefined ? `${by.user}@${by.machine}` : owner);
}

/** `2026-11-22 18:11:49` in this computer's time zone. */
export function localTime(iso: string): string {
  const at = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')}`;
}

/** `1 change`, `2 changes`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function reachText(reach: Journal['reach'], total: number): string {
  if (total === 0) return '';
  if (!reach)
    return 'There is nothing to roll back: all has been taken back, or what that needs is no longer kept.';
  return `A rollback reaches back to ${plainLine(reach.run)} (${localTime(reach.started)}).`;
}
