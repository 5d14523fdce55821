import { Command } from '@commander-js/extra-typings';
import { UserError } from '../../errors.ts';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';
import type { HostRun } from '../host-run.ts';

interface RemoveOptions {
  readonly yes?: true;
  readonly all?: true;
  readonly purgeData?: true;
}

export function command(context: Context) {
  return new Command('remove')
    .summary('take a role off the host; data is kept')
    .description(
      'Takes a role off the host, with what only it needed, and out of the host file. Shows it and asks before it begins.\n' +
        'What you or your programs made since is never deleted: it stays, or is put aside and its place named.',
    )
    .helpGroup(HELP_GROUPS.setUp)
    .argument('[role]', 'a role of the host file')
    .option('--all', 'every role, and hostwright with its records')
    .option('-y, --yes', 'do not ask')
    .option('--purge-data', 'delete also what was made since')
    .option('--file <hostfile>', 'the host file; default: host.yaml')
    .addHelpText(
      'after',
      examples(
        ['hostwright remove blog', 'the role blog; what other roles need stays'],
        ['hostwright remove --all', 'the host as if hostwright had never been there'],
      ),
    )
    .action(async (role, { file, ...options }) => {
      if ((role === undefined) === (options.all === undefined)) {
        throw new UserError({
          message: role === undefined ? 'Which role?' : 'Either a role or --all, not both.',
          hint: 'Nothing was changed. One role: hostwright remove ROLE. Everything: hostwright remove --all',
        });
      }
      const { eachHost } = await import('../each-host.ts');
      const each = { asks: !options.yes, events: true, fileless: role === undefined };
      await eachHost(context, file === undefined ? [] : [file], each, (run) => remove(run, role, options));
    });
}

async function remove(run: HostRun, role: string | undefined, options: RemoveOptions): Promise<void> {
  const { host } = run;
  const rest = role === undefined ? [] : host.roles.filter(({ name }) => name !== role);
  const session = await run.open({ attach: true, as: { ...host, roles: rest } });
  const { readRemoval } = await import('../../apply/undo/read.ts');
  const request = { host, purgeData: options.purgeData === true, ...(role === undefined ? {} : { role }) };
  const plan = await readRemoval(session, request);
  const { carryOut } = await import('../carry-out.ts');
  const summary = await carryOut(run, session, plan, { yes: options.yes === true });
  if (!summary || summary.failed > 0) return;
  if (role !== undefined && rest.length < host.roles.length) {
    const { takeOut } = await import('../take-out.ts');
    await run.say(await takeOut(host, role));
  }
}
