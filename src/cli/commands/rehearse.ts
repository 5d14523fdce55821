import { Command, Option } from '@commander-js/extra-typings';
import { SCENARIOS } from '../../lab/scenarios.ts';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';

export function command(context: Context) {
  return new Command('rehearse')
    .summary('the whole thing on a throwaway machine first')
    .description(
      'Does on a throwaway machine in a simulated home network what would be done to the host: apply, apply again\n' +
        '(nothing may be left to do), reboot, check from a phone and from the internet, and take all of it back (the\n' +
        'machine must be as it was before). Only the connection is replaced; your host and your network are not touched.',
    )
    .helpGroup(HELP_GROUPS.lab)
    .argument('[hostfile]', 'default: host.yaml')
    .addOption(
      new Option('--release <name>', 'Debian release of the machine')
        .choices(['bookworm', 'trixie'] as const)
        .default('bookworm' as const),
    )
    .option(
      '--before <script>',
      'run this as root on the machine first: a machine that already has things on it',
    )
    .option('--keep', 'leave the simulated network running afterwards, to look around', false)
    .option('--driver <name>', 'what the machines are made of: nspawn', 'nspawn')
    .option('--scenario <name>', `trouble to rehearse: ${Object.keys(SCENARIOS).join(', ')}`)
    .addOption(new Option('--inside <json>', 'for hostwright itself').hideHelp())
    .addHelpText(
      'after',
      examples(
        ['hostwright rehearse', 'host.yaml, on Debian 12'],
        ['hostwright rehearse --release trixie', 'on Debian 13'],
        ['hostwright rehearse --before old.sh', 'on a machine that a script prepares first'],
        ['hostwright rehearse --scenario router-reboot', 'and the router restarts in the middle of it'],
        ['hostwright rehearse --keep', 'and look around with `hostwright lab exec` afterwards'],
      ),
    )
    .action(async (file, { inside, ...options }) => {
      if (inside !== undefined) {
        const { rehearseInside } = await import('../rehearse-inside.ts');
        return rehearseInside(context, file, options, inside);
      }
      const { rehearseOutside } = await import('../rehearse-outside.ts');
      return rehearseOutside(context, file, options);
    });
}
