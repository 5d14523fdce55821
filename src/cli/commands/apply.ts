import { Command } from '@commander-js/extra-typings';
import type { HostSession } from '../../apply/session.ts';
import { EXIT } from '../../errors.ts';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';
import type { HostRun } from '../host-run.ts';
import type { SavedPlan } from '../saved-plan.ts';

interface ApplyOptions {
  readonly yes?: true;
  readonly check: boolean;
  readonly only?: string;
  readonly jobs?: string;
  readonly takeOver?: true;
}

export function command(context: Context) {
  return new Command('apply')
    .summary('plan, confirm, change, check')
    .description(
      'Plans, asks, changes the host, and checks from other machines that it works.\n' +
        'A run that was cut off is followed to its end first.',
    )
    .helpGroup(HELP_GROUPS.setUp)
    .argument('[hostfiles...]', 'host files, or one file that `plan --out` made; default: host.yaml')
    .option('-y, --yes', 'do not ask')
    .option('--no-check', 'do not check afterwards')
    .option('--only <role>', 'only what this role needs')
    .option('--jobs <n>', 'hosts at the same time, with --yes (default: 4)')
    .option('--take-over', 'even where the host was last applied from something that is not here')
    .addHelpText(
      'after',
      examples(
        ['hostwright apply', 'the host of host.yaml'],
        ['hostwright apply --yes --json', 'for scripts: no question, an event a line'],
        ['hostwright apply today.plan', 'exactly what `plan --out today.plan` showed'],
        ['hostwright apply --adopt file:/etc/motd', 'take over a file that was there before'],
      ),
    )
    .action(async (files, options) => {
      const { readApplyInput } = await import('../apply-input.ts');
      const input = await readApplyInput(context, files);
      const { eachHost } = await import('../each-host.ts');
      const only = input.saved?.only ?? options.only;
      const settings: ApplyOptions = { ...options, ...(only === undefined ? {} : { only }) };
      const jobs = options.jobs === undefined ? {} : { jobs: options.jobs };
      const each = { ...jobs, asks: options.yes !== true, events: true };
      await eachHost(input.context, input.files, each, (run) => applyHost(run, settings, input.saved));
    });
}

async function applyHost(run: HostRun, options: ApplyOptions, saved: SavedPlan | undefined): Promise<void> {
  const { context } = run;
  const { only, takeOver = false } = options;
  const session = await run.open({ attach: true, takeOver, ...(only === undefined ? {} : { only }) });
  let plan = await session.plan();
  if (saved) {
    const { requireSamePlan } = await import('../saved-plan.ts');
    requireSamePlan(saved, plan);
  } else if (!options.yes && context.interactive && plan.changes.some(({ conflict }) => conflict)) {
    const { settleConflicts } = await import('../settle-conflicts.ts');
    plan = await settleConflicts(run, session, plan);
  }
  const { carryOut } = await import('../carry-out.ts');
  const summary = await carryOut(run, session, plan, { yes: options.yes === true });
  if (!summary || summary.failed > 0) return;
  if (options.check) await checkAfter(run, session, only);
}

async function checkAfter(run: HostRun, session: HostSession, only: string | undefined): Promise<void> {
  const { context, host, ask } = run;
  if (session.composition.endpoints.length === 0) return;
  const { checkHost } = await import('../../check/check.ts');
  const { askForView } = await import('../../check/agent-view.ts');
  const report = await checkHost({
    ...{ host, session, ask, signal: context.signal, agent: await askForView(session) },
    ...(only === undefined ? {} : { only }),
  });
  if (context.globals.json) context.json({ v: 1, event: 'checked', report });
  else {
    const { showReport } = await import('../show-report.ts');
    await showReport(run, report);
  }
  if (!report.ok) context.end(EXIT.failed);
}
