import { CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { UserError } from '../errors.ts';

/**
 * What commander found wrong with the words that were typed, as a {@link UserError} in words of ours; anything else
 * comes back as it is.
 * @param command the command that was typed, if there is one: its help is pointed to
 */
export function asUserError(error: unknown, command?: CommandUnknownOpts): unknown {
  if (!(error instanceof CommanderError)) return error;
  const name = command?.name();
  const help = `See \`hostwright help${name === undefined ? '' : ` ${name}`}\`.`;
  if (error.code === 'commander.help') {
    const verbs = command?.commands.map((verb) => verb.name()) ?? [];
    return new UserError({
      message: `\`hostwright ${name}\` needs one of: ${verbs.join(', ')}.`,
      hint: help,
    });
  }
  const [message = '', ...more] = error.message.replace(/^error: /, '').split('\n');
  const hint = more.join(' ').replace(/^\(|\)$/g, '') || help;
  return new UserError({ message: inPlainWords(message), hint });
}

/** Commander's sentences that say more about commander than about what to type. */
function inPlainWords(message: string): string {
  const missing = /^option '(.+)' argument missing$/.exec(message);
  if (missing) return `The value is missing: ${missing[1]}`;
  const wrong = /^option '(?:-\w, )?(--[\w-]+) .+' argument '(.*)' is invalid\. (.+)$/s.exec(message);
  if (wrong) return `${wrong[1]} ${wrong[2]} is not possible. ${wrong[3]}`;
  const many = /^too many arguments for '(.+)'\. Expected (\d+) arguments? but got (\d+)/.exec(message);
  if (many)
    return `\`${many[1]}\` takes ${many[2] === '0' ? 'no' : many[2]} more words, and ${many[3]} came.`;
  const needed = /^missing required argument '(.+)'$/.exec(message);
  if (needed) return `What is missing: <${needed[1]}>.`;
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}`;
}
