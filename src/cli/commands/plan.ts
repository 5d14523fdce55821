import { Command } from '@commander-js/extra-typings';
import { EXIT } from '../../errors.ts';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';
import type { HostRun } from '../host-run.ts';

interface PlanOptions {
  readonly exitCode?: true;
  readonly markdown?: true;
  readonly out?: string;
  readonly only?: string;
  readonly jobs?: string;
}

export function command(context: Context) {
  return new Command('plan')
    .summary('what would change, with diffs; writes nothing')
    .description('Shows what `apply` would change, with diffs. Writes nothing anywhere.')
    .helpGroup(HELP_GROUPS.setUp)
    .argument('[hostfiles...]', 'host files; default: host.yaml')
    .option('--exit-code', 'exit with 3 when changes are pending')
    .option('--markdown', 'print it for a pull request')
    .option('--out <file>', 'save it, for `hostwright apply FILE` to do exactly this')
    .option('--only <role>', 'only what this role needs')
    .option('--jobs <n>', 'hosts at the same time (default: 4)')
    .addHelpText(
      'after',
      examples(
        ['hostwright plan', 'what would change on the host of host.yaml'],
        ['hostwright plan --exit-code --quiet', 'for scripts: has the host drifted?'],
        ['hostwright plan --out today.plan', 'save it; then: hostwright apply today.plan'],
        ['hostwright plan attic.yaml cellar.yaml', 'several hosts at once'],
      ),
    )
    .action(async (files, options) => {
      const { eachHost } = await import('../each-host.ts');
      await eachHost(context, files, options, (run) => planHost(run, options));
    });
}

async function planHost(run: HostRun, { only, exitCode, markdown, out }: PlanOptions): Promise<void> {
  const { context } = run;
  const session = await run.open({ attach: false, ...(only === undefined ? {} : { only }) });
  const plan = await session.plan();
  if (context.globals.json) {
    const { planObject } = await import('../../plan/render-json.ts');
    context.json(planObject(plan));
  } else if (markdown) {
    const { renderPlanMarkdown } = await import('../../plan/render-markdown.ts');
    await run.warn(renderPlanMarkdown(plan));
  } else {
    const { showPlan } = await import('../show-plan.ts');
    await showPlan(run, plan);
  }
  if (out !== undefined) {
    const { savePlan } = await import('../saved-plan.ts');
    await savePlan(out, plan, run, only);
    await run.say(`Saved. To do exactly this: hostwright apply ${out}`);
  }
  if (exitCode && plan.changes.length + plan.pending.length > 0) context.end(EXIT.pending);
}
