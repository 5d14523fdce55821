import { Command } from '@commander-js/extra-typings';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';
import type { HostRun } from '../host-run.ts';

export function command(context: Context) {
  return new Command('facts')
    .summary('what hostwright reads of a host before it plans')
    .description('Prints what hostwright reads of a host before it plans. Needs no host file with --connect.')
    .helpGroup(HELP_GROUPS.look)
    .argument('[hostfiles...]', 'host files; default: host.yaml')
    .option('--jobs <n>', 'hosts at the same time (default: 4)')
    .addHelpText(
      'after',
      examples(
        ['hostwright facts', 'of the host of host.yaml'],
        ['hostwright facts --connect ssh://pi@attic --json', 'of any machine, for scripts'],
      ),
    )
    .action(async (files, options) => {
      const { eachHost } = await import('../each-host.ts');
      const each = { ...(options.jobs === undefined ? {} : { jobs: options.jobs }), fileless: true };
      await eachHost(context, files, each, showFacts);
    });
}

async function showFacts(run: HostRun): Promise<void> {
  const { context, host } = run;
  const { facts } = await run.open({ attach: false, everyFact: true });
  if (context.globals.json) return context.json({ v: 1, host: host.name, facts });
  const { factsText } = await import('../facts-text.ts');
  await run.warn(factsText(facts));
}
