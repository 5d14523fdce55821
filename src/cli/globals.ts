import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';

/** A command with the options that every hostwright command takes; no verbs yet. */
export function createProgram() {
  const repeat = (value: string, before: readonly string[]): readonly string[] => [...before, value];
  return new Command('hostwright')
    .description(
      'Turns a bare Debian machine into a working home server,\nand proves from other machines that it works.',
    )
    .usage('[command] [options]')
    .option('--connect <target>', 'connect to this instead: local, ssh://user@host:port, or lab')
    .option('--lab <name>', 'the lab to use when there are several')
    .option('--adopt <id>', 'take over what was there before hostwright; repeatable', repeat, [])
    .option('--close-unlisted', 'close ports that listen and belong to no role', false)
    .option(
      '--accept-host-key <fingerprint>',
      'trust this SHA256:… key of a host never seen before',
      fingerprint,
    )
    .addOption(
      new Option(
        '--on-conflict <choice>',
        'edits made by hand that cannot be merged: stop, keep them, or take ours instead of every edit',
      )
        .choices(['stop', 'keep', 'take'] as const)
        .default('stop' as const, 'stop'),
    )
    .option('--trust-recipes', 'let recipes beside the host file run as they are, without asking', false)
    .option('--json', 'print JSON on stdout; text for people goes to stderr', false)
    .option('-q, --quiet', 'print only results and what went wrong', false)
    .option('-v, --verbose', 'print every detail', false)
    .option('--no-color', 'print no colours (NO_COLOR does the same)')
    .option('--cwd <dir>', 'start in this folder')
    .option('-V, --version', 'print the version of hostwright', false)
    .helpOption('-h, --help', 'tell about a command, with examples');
}

/** ssh's way to write a key's fingerprint (`ssh-keygen -l`). */
function fingerprint(value: string): string {
  if (value.startsWith('SHA256:')) return value;
  throw new InvalidArgumentError('A fingerprint begins with SHA256: and is shown by ssh-keygen -l.');
}
