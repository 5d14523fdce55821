import { Command } from '@commander-js/extra-typings';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';

const FILE = ['-f, --file <hostfile>', 'the host file; default: host.yaml'] as const;

export function command(context: Context) {
  const certs = new Command('certs')
    .summary('certificates by an authority: how they stand, order, renew, revoke')
    .description(
      'The certificates that the host gets from an authority such as Let’s Encrypt. It renews them by itself; these words are\n' +
        'for looking, and for what cannot wait.',
    )
    .helpGroup(HELP_GROUPS.setUp)
    .addHelpText(
      'after',
      examples(
        ['hostwright certs list', 'until when each is valid, and what went wrong'],
        ['hostwright certs issue blog', 'try again now after a failure'],
        ['hostwright certs renew blog', 'a new one now, though the old one is still good'],
        ['hostwright certs revoke blog', 'tell the world that it is not to be trusted any more'],
      ),
    );
  certs
    .command('list')
    .summary('how each stands')
    .description('Lists the certificates that the host gets from authorities. Changes nothing.')
    .option(...FILE)
    .addHelpText('after', examples(['hostwright certs list --json', 'for scripts']))
    .action(async (words) => (await import('../certs/list.ts')).listCertificates(context, words));
  certs
    .command('issue')
    .summary('order what is missing or failed, now')
    .description(
      'Orders certificates that are missing or whose last order failed, without waiting for the next try.',
    )
    .argument('<name>', 'a certificate, named as its role')
    .option(...FILE)
    .addHelpText('after', examples(['hostwright certs issue blog', 'after you have mended the cause']))
    .action(async (name, words) => (await import('../certs/act.ts')).renew(context, name, words));
  certs
    .command('renew')
    .summary('a new one, now')
    .description(
      'Has the authority issue a new certificate with a new key now. Authorities limit how often that may be.',
    )
    .argument('<name>', 'a certificate, named as its role')
    .option(...FILE)
    .addHelpText('after', examples(['hostwright certs renew blog', 'does not wait for its time']))
    .action(async (name, words) => (await import('../certs/act.ts')).renew(context, name, words));
  certs
    .command('revoke')
    .summary('tell the authority that it is not to be trusted')
    .description(
      'Revokes the certificate at the authority, for when somebody else may have got the key. A new one with a new key is\n' +
        'ordered at once.',
    )
    .argument('<name>', 'a certificate, named as its role')
    .option(
      '--reason <reason>',
      'as in RFC 5280: keyCompromise, superseded, cessationOfOperation',
      'unspecified',
    )
    .option(...FILE)
    .addHelpText(
      'after',
      examples(['hostwright certs revoke blog --reason keyCompromise', 'the key is known to others']),
    )
    .action(async (name, words) => (await import('../certs/act.ts')).revoke(context, name, words));
  return certs;
}
