import type { Report, Result } from '../check/report.ts';
import { routerTable } from '../check/router-table.ts';
import type { Paint } from './paint.ts';
import { plainLine } from './plain-text.ts';

/** How a report is shown. */
export interface ReportLook {
  readonly paint: Paint;
  /** Width in columns. */
  readonly columns: number;
  /** Every address for itself, and every step of every result. */
  readonly verbose: boolean;
}

/** The report of a check for people: who reaches what, then what is wrong and what to do about it. Pure. */
export function renderReport(report: Report, look: ReportLook): string {
  const tested = report.results.filter(({ endpoint }) => endpoint !== '');
  const parts = [
    tested.length > 0 ? overview(report, tested, look) : '',
    vantageNotes(report, look),
    ...report.results.filter(({ ok, because }) => !ok && !because).map((one) => problem(one, report, look)),
    report.byHand ? routerTable(report.byHand.ports, report.byHand.host, report.byHand.router) : '',
    verdict(report, look.paint),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** Results of one endpoint (with `--verbose`: at one address), by vantage. */
interface Row {
  readonly label: string;
  readonly cells: ReadonlyMap<string, Cell>;
}

interface Cell {
  readonly text: string;
  readonly ok: boolean;
}

function overview({ vantages }: Report, results: readonly Result[], look: ReportLook): string {
  const rows = [...groupBy(results, (one) => label(one, look.verbose))].map(([name, group]) => ({
    label: name,
    cells: new Map(
      [...groupBy(group, ({ vantage }) => vantage)].map(([vantage, own]) => [vantage, cell(own)]),
    ),
  }));
  const names = vantages.map(({ name }) => name);
  return table(rows, names, look) ?? list(rows, look);
}

function label({ role, endpoint, port, protocol, address }: Result, verbose: boolean): string {
  const name = `${role} ${endpoint} ${port}/${protocol}`;
  return plainLine(verbose ? `${name} at ${address}` : name);
}

/** Words, not colours alone: `✓ reached`, `✓ blocked`, `✗ not reached`, `✗ OPEN`. */
function cell(results: readonly Result[]): Cell {
  const wrong = results.filter(({ ok }) => !ok);
  const expect = (wrong[0] ?? results[0])?.expect;
  if (wrong.length === 0) return { ok: true, text: expect === 'blocked' ? '✓ blocked' : '✓ reached' };
  const share = wrong.length < results.length ? ` (${wrong.length} of ${results.length})` : '';
  return { ok: false, text: `${expect === 'blocked' ? '✗ OPEN' : '✗ not reached'}${share}` };
}

/** Endpoints down, vantages across; undefined when that is wider than the screen. */
function table(
  rows: readonly Row[],
  names: readonly string[],
  { paint, columns }: ReportLook,
): string | undefined {
  const first = Math.max(...rows.map(({ label }) => label.length));
  const widths = names.map((name) =>
    Math.max(plainLine(name).length, ...rows.map(({ cells }) => cells.get(name)?.text.length ?? 1)),
  );
  if (2 + first + widths.reduce((sum, width) => sum + width + 3, 0) > columns) return undefined;
  const head = names.map((name, column) => paint.strong(plainLine(name).padEnd(widths[column] ?? 0)));
  const lines = rows.map(({ label, cells }) => {
    const shown = names.map((name, column) => {
      const { text, ok } = cells.get(name) ?? { text: '·', ok: undefined };
      const padded = text.padEnd(widths[column] ?? 0);
      if (ok === undefined) return paint.dim(padded);
      return ok ? paint.good(padded) : paint.bad(padded);
    });
    return `  ${[label.padEnd(first), ...shown].join('   ').trimEnd()}`;
  });
  return [`  ${[' '.repeat(first), ...head].join('   ').trimEnd()}`, ...lines].join('\n');
}

function list(rows: readonly Row[], { paint }: ReportLook): string {
  return rows
    .map(({ label, cells }) =>
      [
        paint.strong(label),
        ...[...cells].map(
          ([name, { text, ok }]) => `  ${ok ? paint.good(text) : paint.bad(text)} from ${plainLine(name)}`,
        ),
      ].join('\n'),
    )
    .join('\n');
}

function vantageNotes({ vantages }: Report, { paint }: ReportLook): string {
  return vantages
    .filter(({ note }) => note)
    .map(({ name, note = '' }) => `  ${paint.changed('!')} ${plainLine(name)}: ${plainLine(note)}`)
    .join('\n');
}

/** What one result explains, and what that explains in its turn: none of it is told by itself. */
function explainedBy(id: string, results: readonly Result[]): readonly string[] {
  const ids = new Set([id]);
  for (const known of ids) for (const { because, id: next } of results) if (because === known) ids.add(next);
  return [...ids].slice(1);
}

function problem(result: Result, { results }: Report, look: ReportLook): string {
  const { paint, verbose } = look;
  const { vantage, role, endpoint, address, port, expect, steps, cause, fix, id } = result;
  const place = address === '' ? '' : ` at ${address.includes(':') ? `[${address}]` : address}:${port}`;
  const what =
    endpoint === ''
      ? `${vantage} could not be used${place}`
      : `${vantage} ${expect === 'blocked' ? 'can reach' : 'cannot reach'} ${role} ${endpoint}${place}`;
  const ladder = steps.map(({ name, ok, detail }) => {
    const mark = ok ? paint.good('✓') : paint.bad('✗');
    return `    ${mark} ${plainLine(name)}: ${plainLine(detail)}`;
  });
  const folded = explainedBy(id, results);
  return [
    `${paint.bad('✗')} ${paint.strong(plainLine(what))}`,
    ...ladder,
    ...(cause ? [`    ${paint.dim(`cause: ${cause}`)}`] : []),
    ...(fix ? [`    ${plainLine(fix)}`] : []),
    ...(folded.length > 0 ? [paint.dim(`    This also explains ${folded.length} more.`)] : []),
    ...(verbose ? folded.map((other) => paint.dim(`      ${plainLine(other)}`)) : []),
  ].join('\n');
}

function verdict({ ok, host, results, vantages }: Report, paint: Paint): string {
  const wrong = results.filter((one) => !one.ok).length;
  const from = `from ${vantages.length} ${vantages.length === 1 ? 'place' : 'places'}`;
  if (!ok) return paint.bad(`${plainLine(host)}: ${wrong} of ${results.length} checks failed, ${from}.`);
  if (results.length === 0) return `${plainLine(host)}: there is nothing to check.`;
  return paint.good(`${plainLine(host)}: all ${results.length} checks passed, ${from}.`);
}

function groupBy<Value>(values: readonly Value[], key: (value: Value) => string): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const value of values) groups.set(key(value), [...(groups.get(key(value)) ?? []), value]);
  return groups;
}
