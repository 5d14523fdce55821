import { Command } from '@commander-js/extra-typings';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';

const FILE = ['-f, --file <hostfile>', 'the host file; default: host.yaml'] as const;

export function command(context: Context) {
  const ports = new Command('ports')
    .summary('ports that the router passes on to the host: how they stand, open, close')
    .description(
      'The ports that your router passes on from the internet to the host. Roles with expose: internet ask for theirs by\n' +
        'themselves, and the host keeps them up; these words are for looking, and for a port that is no role’s.',
    )
    .helpGroup(HELP_GROUPS.setUp)
    .addHelpText(
      'after',
      examples(
        ['hostwright ports list', 'how each stands, and what to type in on the router where it does not'],
        ['hostwright ports open 25565/tcp', 'a game server that hostwright knows nothing of'],
        ['hostwright ports close 25565/tcp', 'not any more'],
      ),
    );
  ports
    .command('list')
    .summary('how each stands')
    .description(
      'Lists what the router is asked to pass on. Where it does not, prints what to type in on its page. Changes nothing.',
    )
    .option(...FILE)
    .addHelpText('after', examples(['hostwright ports list --json', 'for scripts']))
    .action(async (words) => (await import('../ports/list.ts')).listPorts(context, words));
  ports
    .command('open')
    .summary('ask the router for one more')
    .description(
      'Has the router pass a port on to the host until it is closed again. The firewall of the host is left as it is.',
    )
    .argument('<port>', 'on the host, such as 25565/tcp or 51820/udp')
    .option('--outside <port>', 'another number on the router’s outside; default: the same')
    .option(...FILE)
    .addHelpText(
      'after',
      examples(['hostwright ports open 22/tcp --outside 2222', 'ssh, under another number outside']),
    )
    .action(async (port, words) => (await import('../ports/change.ts')).openPort(context, port, words));
  ports
    .command('close')
    .summary('take one back that was opened by hand')
    .description('Takes back what `hostwright ports open` asked the router for.')
    .argument('<port>', 'its number outside, such as 25565/tcp')
    .option(...FILE)
    .addHelpText('after', examples(['hostwright ports close 25565/tcp', 'the number outside']))
    .action(async (port, words) => (await import('../ports/change.ts')).closePort(context, port, words));
  return ports;
}
