import { Command } from '@commander-js/extra-typings';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';

const FILE = ['-f, --file <hostfile>', 'the host file; default: host.yaml'] as const;

export function command(context: Context) {
  const db = new Command('db')
    .summary('dumps of a database role: make one, put one back')
    .description(
      'Dumps of the databases of a role. The host makes one every night by itself; they lie on the host, in\n' +
        '/var/backups/hostwright-db/ROLE.',
    )
    .helpGroup(HELP_GROUPS.setUp)
    .addHelpText(
      'after',
      examples(
        ['hostwright db list postgres', 'the dumps that there are'],
        ['hostwright db dump postgres', 'one more, now'],
        ['hostwright db restore postgres', 'put the latest one back'],
      ),
    );
  db.command('dump')
    .summary('make a dump now')
    .description('Makes a dump of all databases of the role on the host, and names it.')
    .argument('<role>', 'a database role of the host file')
    .option(...FILE)
    .addHelpText('after', examples(['hostwright db dump postgres', 'before you try something']))
    .action(async (role, words) => (await import('../db/dump.ts')).dumpRole(context, role, words));
  db.command('list')
    .summary('the dumps that there are')
    .description('Lists the dumps of the role on the host, the newest first.')
    .argument('<role>', 'a database role of the host file')
    .option(...FILE)
    .addHelpText('after', examples(['hostwright db list postgres --json', 'for scripts']))
    .action(async (role, words) => (await import('../db/dump.ts')).listDumps(context, role, words));
  db.command('restore')
    .summary('put a dump back')
    .description(
      'Makes the databases of the role what a dump holds, no more and no less. What is there is dumped first. Whoever is\n' +
        'connected is cut off. Asks before it begins.',
    )
    .argument('<role>', 'a database role of the host file')
    .argument(
      '[dump]',
      'a dump as `hostwright db list` names it, or the beginning of its name; default: the latest',
    )
    .option('-y, --yes', 'do not ask')
    .option('--no-safety-dump', 'go on where what is there is damaged and cannot be dumped before')
    .option(...FILE)
    .addHelpText(
      'after',
      examples(
        ['hostwright db restore postgres', 'the latest dump'],
        ['hostwright db restore postgres 20261122', 'the one of that day'],
      ),
    )
    .action(async (role, dump, words) =>
      (await import('../db/restore.ts')).restoreRole(context, { role, dump }, words),
    );
  return db;
}
