import type { CommandUnknownOpts, Help } from '@commander-js/extra-typings';
import { HELP_GROUPS } from './command-module.ts';

/** The text of `--help`: what one types most comes first, and options that every command takes only once. */
export function formatHelp(command: CommandUnknownOpts, helper: Help): string {
  const width = helper.helpWidth ?? 80;
  const table = (rows: readonly (readonly [string, string])[]): string => {
    const left = Math.max(0, ...rows.map(([term]) => term.length)) + 2;
    return rows
      .map(([term, about]) => `  ${term.padEnd(left)}${wrap(about, width - left - 2, left + 2)}`)
      .join('\n');
  };
  const section = (title: string, rows: readonly (readonly [string, string])[]): string[] =>
    rows.length > 0 ? [`${title}\n${table(rows)}`] : [];

  const isRoot = command.parent === null;
  const options = helper
    .visibleOptions(command)
    .filter(({ long }) => isRoot || long !== '--help')
    .map((option) => [helper.optionTerm(option), option.description] as const);
  return [
    `Usage: ${helper.commandUsage(command).replaceAll(/ +/g, ' ')}`,
    helper.commandDescription(command),
    ...commandGroups(command, helper).flatMap(([title, rows]) => section(title, rows)),
    ...section(
      'Arguments:',
      helper
        .visibleArguments(command)
        .map((argument) => [helper.argumentTerm(argument), helper.argumentDescription(argument)] as const),
    ),
    ...section(isRoot ? 'Options of every command:' : 'Options:', options),
    ...(isRoot
      ? []
      : [
          `Every command also takes the options that \`hostwright help\` lists, such as --connect and --json.`,
        ]),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

type Rows = readonly (readonly [string, string])[];

function commandGroups(command: CommandUnknownOpts, helper: Help): readonly (readonly [string, Rows])[] {
  const groups = new Map<string, (readonly [string, string])[]>(
    Object.values(HELP_GROUPS).map((title) => [title, []]),
  );
  for (const child of helper.visibleCommands(command)) {
    const title = child.helpGroup() || 'Commands:';
    const row = [helper.subcommandTerm(child), helper.subcommandDescription(child)] as const;
    groups.set(title, [...(groups.get(title) ?? []), row]);
  }
  return [...groups];
}

function wrap(text: string, width: number, indent: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}
