import { Command } from '@commander-js/extra-typings';
import { EXIT } from '../../errors.ts';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';
import type { HostRun } from '../host-run.ts';

export function command(context: Context) {
  return new Command('check')
    .summary('who can reach what, tried from every place')
    .description(
      'Tries from every place what must be reachable and what must be blocked. Changes nothing anywhere.\n' +
        'Places: self (the host), here (this computer), ssh://user@peer; internet=ssh://user@machine for one out there,\n' +
        'or internet alone with network: { outside: … } in the host file; in the lab also phone and internet.',
    )
    .helpGroup(HELP_GROUPS.look)
    .argument('[hostfiles...]', 'host files; default: host.yaml')
    .option('--from <places>', 'where to try from, with commas; default: all that are at hand')
    .option('--jobs <n>', 'hosts at the same time (default: 4)')
    .addHelpText(
      'after',
      examples(
        ['hostwright check', 'from the host and from this computer'],
        [
          'hostwright check --from here,ssh://me@laptop',
          'also from another machine; nothing is installed there',
        ],
        ['hostwright check --json', 'for scripts'],
      ),
    )
    .action(async (files, options) => {
      const { eachHost } = await import('../each-host.ts');
      const from = options.from?.split(',').map((place) => place.trim());
      const each = options.jobs === undefined ? {} : { jobs: options.jobs };
      await eachHost(context, files, each, (run) => check(run, from));
    });
}

async function check(run: HostRun, from: readonly string[] | undefined): Promise<void> {
  const { context, host, ask } = run;
  const { checkHost } = await import('../../check/check.ts');
  const { askForView } = await import('../../check/agent-view.ts');
  const session = await run.open({ attach: false });
  const report = await checkHost({
    ...{ host, session, ask, signal: context.signal, agent: await askForView(session) },
    ...(from === undefined ? {} : { from }),
  });
  if (context.globals.json) context.json(report);
  else {
    const { showReport } = await import('../show-report.ts');
    await showReport(run, report);
  }
  if (!report.ok) context.end(EXIT.failed);
}
