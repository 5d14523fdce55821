import type { Report } from '../check/report.ts';
import { renderReport } from '../ui/report.ts';
import type { HostRun } from './host-run.ts';

/** Prints a check's report for people; with `--quiet` only one that has failures. */
export async function showReport(run: HostRun, report: Report): Promise<void> {
  const { paint, columns, globals } = run.context;
  const text = `\n${renderReport(report, { paint, columns, verbose: globals.verbose })}`;
  await (report.ok ? run.say(text) : run.warn(text));
}
