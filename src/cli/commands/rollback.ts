import { Command } from '@commander-js/extra-typings';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';

export function command(context: Context) {
  return new Command('rollback')
    .summary('take a run back: everything as it was before')
    .description(
      'Takes back what a run changed, and every run after it, the newest first. Shows it and asks before it begins.\n' +
        'What you or your programs made since is never deleted: it stays, or is put aside and its place named.',
    )
    .helpGroup(HELP_GROUPS.setUp)
    .argument('[run]', 'a run as `hostwright runs` lists it, or the beginning of its name; default: `last`')
    .option('-y, --yes', 'do not ask')
    .option('--file <hostfile>', 'the host file; default: host.yaml')
    .addHelpText(
      'after',
      examples(
        ['hostwright rollback', 'take the last run back'],
        ['hostwright rollback 20261122-1811', 'that run and every newer one'],
        ['hostwright rollback --connect ssh://pi@attic', 'without a host file'],
      ),
    )
    .action(async (run, { yes, file }) => {
      const { eachHost } = await import('../each-host.ts');
      const options = { asks: !yes, events: true, fileless: true };
      await eachHost(context, file === undefined ? [] : [file], options, async (host) => {
        const session = await host.open({ attach: true });
        const { readRollback } = await import('../../apply/undo/read.ts');
        const { carryOut } = await import('../carry-out.ts');
        const plan = await readRollback(session, run === 'last' ? undefined : run);
        const summary = await carryOut(host, session, plan, { yes: yes === true });
        // Nobody has changed the file: it says what it said before.
        if (summary && summary.changed > 0 && summary.failed === 0 && host.host.roles.length > 0) {
          await host.say(
            `${host.host.file} is as it was: change it too, or the next \`hostwright apply\` does the same again.`,
          );
        }
      });
    });
}
