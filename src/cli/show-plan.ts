import type { Plan } from '../plan/plan.ts';
import { renderPlanText } from '../plan/render-text.ts';
import { describeTotals } from '../plan/totals.ts';
import { plainLine } from '../ui/plain-text.ts';
import type { HostRun } from './host-run.ts';

/** Prints a plan for people; with `--quiet` only what it comes to. */
export async function showPlan(run: HostRun, plan: Plan): Promise<void> {
  const { paint, columns, globals } = run.context;
  if (globals.quiet) return run.warn(`${plainLine(plan.host)}: ${describeTotals(plan)}`);
  await run.say(`\n${renderPlanText(plan, { paint, columns, verbose: globals.verbose })}`);
}
