import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';
import type { HostRun } from '../host-run.ts';

/** Runs that are listed unless `--limit` says otherwise. */
const LIMIT = 20;

export function command(context: Context) {
  const runs = new Command('runs')
    .summary('what was changed on a host, when and by whom')
    .description(
      'Lists the runs of a host from the journal that it keeps: when, who, from where, what came of it.\n' +
        'Changes nothing.',
    )
    .helpGroup(HELP_GROUPS.look)
    .argument('[hostfiles...]', 'host files; default: host.yaml')
    .option('--limit <n>', `how many, the newest first (default: ${LIMIT})`, limit)
    .option('--jobs <n>', 'hosts at the same time (default: 4)')
    .addHelpText(
      'after',
      examples(
        ['hostwright runs', 'the newest runs of the host of host.yaml'],
        ['hostwright runs show last', 'the newest one: what it changed, with diffs'],
        ['hostwright runs --connect ssh://pi@attic --json', 'of any host, for scripts'],
      ),
    )
    .action(async (files, options) => {
      const { eachHost } = await import('../each-host.ts');
      const each = { ...(options.jobs === undefined ? {} : { jobs: options.jobs }), fileless: true };
      await eachHost(context, files, each, (run) => list(run, options.limit ?? LIMIT));
    });
  runs
    .command('show')
    .summary('one run: who, from where, what it changed, with diffs')
    .description(
      'Shows one run: who ran it, from where and with which hostwright, what it changed and how that differs from\n' +
        'before. What not everybody on the host may read is shown by its size only.',
    )
    .argument('<run>', 'a run as `hostwright runs` lists it, the beginning of its id, or `last`')
    .option('--file <hostfile>', 'the host file; default: host.yaml')
    .addHelpText(
      'after',
      examples(
        ['hostwright runs show last', 'the newest run'],
        ['hostwright runs show 20261122-1811', 'the run whose id begins like that'],
      ),
    )
    .action(async (wanted, { file }) => {
      const { eachHost } = await import('../each-host.ts');
      await eachHost(context, file === undefined ? [] : [file], { fileless: true }, (run) =>
        show(run, wanted),
      );
    });
  return runs;
}

async function list(run: HostRun, most: number): Promise<void> {
  const { context, host } = run;
  const session = await run.open({ attach: false });
  const { readJournal } = await import('../../journal/read-journal.ts');
  const journal = await readJournal(session, most);
  if (context.globals.json) return context.json({ v: 1, host: host.name, ...journal });
  const { renderJournal } = await import('../runs-text.ts');
  await run.warn(renderJournal(host.name, journal, context.paint));
}

async function show(run: HostRun, wanted: string): Promise<void> {
  const { context, host } = run;
  const session = await run.open({ attach: false });
  const { readRun } = await import('../../journal/read-journal.ts');
  const detail = await readRun(session, wanted);
  if (context.globals.json) return context.json({ v: 1, host: host.name, ...detail });
  const { renderRun } = await import('../run-text.ts');
  await run.warn(renderRun(detail, context.paint, context.globals.verbose));
}

function limit(value: string): number {
  if (/^[1-9]\d{0,3}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('A number of runs, 1 to 9999.');
}
