import { Command } from '@commander-js/extra-typings';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';

const FILE = [
  '-f, --file <hostfile>',
  'the host file beside which the vault is (default: host.yaml)',
] as const;

export function command(context: Context) {
  const secrets = new Command('secrets')
    .summary('passwords and the like, in an encrypted vault')
    .description(
      'The vault: secrets.age beside the host file, encrypted to the keys of those who may open it. Roles get their\n' +
        'secrets from it; what is missing is made when a plan is applied.',
    )
    .helpGroup(HELP_GROUPS.setUp)
    .addHelpText(
      'after',
      examples(
        ['hostwright secrets list', 'names and ages, no values'],
        ['hostwright secrets show extras/anna', 'one value, on the terminal'],
        ['hostwright secrets rotate extras/anna', 'a new one, in the vault and on the host'],
      ),
    );
  secrets
    .command('list', { isDefault: true })
    .summary('names and ages; no values')
    .description('Lists the secrets of all hosts of the folder: names and ages, no values.')
    .option(...FILE)
    .addHelpText('after', examples(['hostwright secrets list --json', 'for scripts']))
    .action(async (words) => (await import('../secrets/list.ts')).listSecrets(context, words));
  secrets
    .command('show')
    .summary('one value')
    .description('Prints one value; where the output is no terminal, only with --yes.')
    .argument('<name>', 'ROLE/NAME, or HOST/ROLE/NAME')
    .option('-y, --yes', 'also where the output is no terminal')
    .option(...FILE)
    .addHelpText('after', examples(['hostwright secrets show extras/anna', 'the password of anna']))
    .action(async (name, words) => (await import('../secrets/list.ts')).showSecret(context, name, words));
  secrets
    .command('set')
    .summary('a value of your own')
    .description(
      'Puts a value of your own into the vault: asked twice without echo, or read from standard input.',
    )
    .argument('<name>', 'ROLE/NAME')
    .option(...FILE)
    .addHelpText(
      'after',
      examples(
        ['hostwright secrets set extras/anna', 'asks for it'],
        ['pass show anna | hostwright secrets set extras/anna', 'from another program'],
      ),
    )
    .action(async (name, words) => (await import('../secrets/set.ts')).setSecret(context, name, words));
  secrets
    .command('rotate')
    .summary('new values, in the vault and on the host')
    .description('Makes new values, saves them in the vault, and sets them on the host as `apply` does.')
    .argument('[names...]', 'ROLE/NAME')
    .option('--all', 'every secret that the roles of the host file ask for')
    .option('--lost', 'the vault cannot be opened any more: put it aside and begin a new one')
    .option('-y, --yes', 'do not ask')
    .option(...FILE)
    .addHelpText(
      'after',
      examples(
        ['hostwright secrets rotate extras/anna', 'one of them'],
        ['hostwright secrets rotate --all', 'for instance after somebody was shut out'],
      ),
    )
    .action(async (names, words) =>
      (await import('../secrets/rotate.ts')).rotateSecrets(context, names, words),
    );
  secrets
    .command('recover')
    .summary('let this computer in with the printed recovery key')
    .description('Opens the vault with the recovery key, and lets this computer in.')
    .option(...FILE)
    .addHelpText('after', examples(['hostwright secrets recover', 'asks for the recovery key']))
    .action(async (words) => (await import('../secrets/recovery.ts')).recover(context, words));
  secrets
    .command('recovery-key')
    .summary('make a key to print, for the day when all others are lost')
    .description('Makes one more key that opens the vault, to be printed and kept. It is shown once.')
    .option('--out <file>', 'write it to this new file, or with - to standard output')
    .option(...FILE)
    .addHelpText('after', examples(['hostwright secrets recovery-key', 'shows it on the terminal']))
    .action(async ({ out, ...words }) =>
      (await import('../secrets/recovery.ts')).makeRecoveryKey(context, out, words),
    );
  secrets.addCommand(recipients(context));
  return secrets;
}

function recipients(context: Context) {
  const command = new Command('recipients')
    .summary('who can open the vault')
    .description('Who can open the vault: keys of computers and people, and the recovery key.')
    .addHelpText(
      'after',
      examples(
        ['hostwright secrets recipients me', 'the public key of this computer, for somebody who lets it in'],
        ['hostwright secrets recipients add age1… bob@desk', 'lets it in'],
        ['hostwright secrets recipients remove bob@desk', 'shuts it out of what is saved from now on'],
      ),
    );
  command
    .command('list', { isDefault: true })
    .summary('everybody who can open the vault')
    .description('Lists everybody who can open the vault.')
    .option(...FILE)
    .addHelpText('after', examples(['hostwright secrets recipients list --json', 'for scripts']))
    .action(async (words) => (await import('../secrets/readers.ts')).listReaders(context, words));
  command
    .command('me')
    .summary('the public key of this computer')
    .description('Prints the public key of this computer. The key is made when there is none.')
    .addHelpText(
      'after',
      examples(['hostwright secrets recipients me', 'send this to somebody who can add it']),
    )
    .action(async () => (await import('../secrets/readers.ts')).ownRecipient(context));
  command
    .command('add')
    .summary('let somebody in')
    .description('Encrypts the vault to one more key.')
    .argument('<recipient>', 'age1…')
    .argument('[name]', 'whose it is: bob@desk')
    .option(...FILE)
    .addHelpText('after', examples(['hostwright secrets recipients add age1… bob@desk', 'lets bob in']))
    .action(async (recipient, name, words) =>
      (await import('../secrets/readers.ts')).addReader(context, recipient, name, words),
    );
  command
    .command('remove')
    .summary('shut somebody out')
    .description('Encrypts the vault anew without this key. Older copies of the vault stay readable for it.')
    .argument('<who>', 'the name, or age1…')
    .option(...FILE)
    .addHelpText('after', examples(['hostwright secrets recipients remove bob@desk', 'shuts bob out']))
    .action(async (who, words) => (await import('../secrets/readers.ts')).removeReader(context, who, words));
  return command;
}
