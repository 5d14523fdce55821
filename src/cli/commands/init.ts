import { Command } from '@commander-js/extra-typings';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';

const ANSWERS = `
Answers are keys of the host file, as a path; \`roles.\` may be left out:
  connect=pi@192.168.1.20      connect.ssh=pi@attic     connect=local     connect=lab
  host=attic                   network.lan=[10.8.0.0/24]
  site=yes                     a role of that recipe; site=no: none
  blog=site                    a role named blog of the recipe site
  blog.source=./public         an input of it, as \`hostwright recipes show site\` lists them
  blog.expose=internet         who may reach it: host, lan (the default) or internet
  firewall=no                  leaves out the firewall, which is added otherwise`;

export function command(context: Context) {
  return new Command('init')
    .summary('answer a few questions, get a host.yaml')
    .description('Asks what the machine should be and writes it to host.yaml. Touches no machine.')
    .helpGroup(HELP_GROUPS.setUp)
    .argument('[dir]', 'the folder for host.yaml; default: this one')
    .option('--from <target>', 'have it back from a host that was applied before: ssh://user@host:port')
    .option('--answers <file>', 'take answers from this YAML or JSON file')
    .option('--set <key=value>', 'give one answer; repeatable', (value, all: string[]) => [...all, value], [])
    .option(
      '--recovery-key <file>',
      'write the key that opens the vault when all others are lost to this new file, or to -',
    )
    .addHelpText('after', ANSWERS)
    .addHelpText(
      'after',
      examples(
        ['hostwright init', 'ask, show, write'],
        ['hostwright init attic --set connect=pi@attic --set site=yes', 'ask nothing that is answered'],
        ['hostwright init --from pi@attic attic', 'the folder again, after the laptop is lost'],
        ['hostwright init --answers answers.yaml', 'for scripts; --set goes before the file'],
      ),
    )
    .action(async (directory, { answers, set, from, recoveryKey }) => {
      if (from !== undefined) {
        const { refuseAnswers, runRestore } = await import('../run-restore.ts');
        refuseAnswers(answers, set);
        return runRestore(context, { from, directory });
      }
      const { runInit } = await import('../run-init.ts');
      await runInit(context, { directory, answers, sets: set, recoveryKey });
    });
}
