import { Command } from '@commander-js/extra-typings';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';
import type { HostRun } from '../host-run.ts';

export function command(context: Context) {
  return new Command('status')
    .summary('roles, drift, ports and the last run')
    .description('What a host is, whether it still is as declared, and what to do next. Changes nothing.')
    .helpGroup(HELP_GROUPS.look)
    .argument('[hostfiles...]', 'host files; default: host.yaml')
    .option('--jobs <n>', 'hosts at the same time (default: 4)')
    .addHelpText(
      'after',
      examples(['hostwright status', 'the host of host.yaml'], ['hostwright status *.yaml', 'several hosts']),
    )
    .action(async (files, options) => {
      const { eachHost } = await import('../each-host.ts');
      const each = options.jobs === undefined ? {} : { jobs: options.jobs };
      await eachHost(context, files, each, status);
    });
}

async function status(run: HostRun): Promise<void> {
  const { context } = run;
  const session = await run.open({ attach: false });
  const plan = await session.plan();
  const [{ renderStatus, statusObject }, { hasAgent }, { askAgent }] = await Promise.all([
    import('../status-text.ts'),
    import('../status-agent.ts'),
    import('../../agent/told/read.ts'),
  ]);
  const seen = {
    host: run.host,
    facts: session.facts,
    plan,
    ...(hasAgent(session) ? { agent: await askAgent(session) } : {}),
  };
  if (context.globals.json) context.json(statusObject(seen));
  else await run.warn(renderStatus(seen, context.paint));
}
