import { Command, Option } from '@commander-js/extra-typings';
import { UserError } from '../../errors.ts';
import { SCENARIOS } from '../../lab/scenarios.ts';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';

/** `lab exec` passes what follows `--` on. */
export const takesRest = true;

export function command(context: Context) {
  const lab = new Command('lab')
    .summary('the simulated home network by itself')
    .description(
      'A simulated home network of throwaway machines on this computer:\n' +
        'box (the server), laptop and phone (on the LAN), router, internet (a machine outside).',
    )
    .helpGroup(HELP_GROUPS.lab)
    .addHelpText(
      'after',
      examples(
        ['hostwright lab doctor', 'what this computer lacks for it'],
        ['hostwright lab up', 'start it, in seconds once its images are made'],
        ['hostwright plan --connect lab', 'plan against the box'],
        ['hostwright lab exec phone -- curl -i http://box/', 'be the phone'],
        ['hostwright lab down', 'nothing of it is left'],
      ),
    );
  lab
    .command('up')
    .summary('start it')
    .description('Starts the simulated network; says its addresses if it runs already.')
    .addOption(
      new Option('--release <name>', 'Debian release of the box: bookworm or trixie')
        .choices(['bookworm', 'trixie'] as const)
        .default('bookworm' as const),
    )
    .option('--scenario <name>', `trouble to play: ${Object.keys(SCENARIOS).join(', ')}`)
    .option('--before <script>', 'run this on the box first: a machine that already has things on it')
    .addHelpText(
      'after',
      examples(
        ['hostwright lab up', 'the server runs Debian 12'],
        ['hostwright lab up --lab new --release trixie', 'another one beside it, with Debian 13'],
        ['hostwright lab up --scenario upnp-off', 'its router opens no ports on request'],
      ),
    )
    .action(async (options) => (await import('../lab-verbs.ts')).up(context, options));
  lab
    .command('down')
    .summary('stop it, and leave nothing behind')
    .description('Stops the simulated network and removes all of it.')
    .addHelpText('after', examples(['hostwright lab down --lab new', 'the lab that was named so']))
    .action(async () => (await import('../lab-verbs.ts')).down(context));
  lab
    .command('status')
    .summary('its machines and their addresses')
    .description('Shows the machines of the lab and their addresses.')
    .addHelpText('after', examples(['hostwright lab status --json', 'for scripts: also how to log in']))
    .action(async () => (await import('../lab-verbs.ts')).status(context));
  lab
    .command('exec')
    .summary('run a command as root in one of its machines')
    .description(
      'Runs a command as root in a machine of the lab; input, output and the exit code pass through.',
    )
    .usage('<node> -- <command...>')
    .argument('<node>', 'box, laptop, phone, router or internet')
    .argument('[command...]', 'a program that the machine has, and its words')
    .addHelpText(
      'after',
      examples(
        ['hostwright lab exec phone -- curl -i http://box/', 'be the phone'],
        ['hostwright lab exec box -- journalctl -b', 'look into the server'],
      ),
    )
    .action(async (node, words) => {
      const argv = [...words, ...context.rest];
      if (argv.length === 0) {
        throw new UserError({
          message: 'Which command is to run there?',
          hint: `Write it after two hyphens: hostwright lab exec ${node} -- ip address`,
        });
      }
      await (await import('../lab-verbs.ts')).exec(context, node, argv);
    });
  lab
    .command('doctor')
    .summary('what this computer lacks for the lab, and how to get it')
    .description('Says what this computer lacks for the lab, and how to get it. Installs it if you agree.')
    .option('-y, --yes', 'install what is missing without asking')
    .addHelpText('after', examples(['hostwright lab doctor --yes', 'install what is missing']))
    .action(async (options) => (await import('../lab-verbs.ts')).doctor(context, options));
  return lab;
}
