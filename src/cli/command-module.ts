import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Context } from './context.ts';

/**
 * A file in `src/cli/commands/`, named after the command. It is imported only when its command is typed (or for
 * the list in `--help`), so its own heavy imports belong inside the action.
 */
export interface CommandModule {
  /** The command with its arguments, options, action, `.helpGroup(HELP_GROUPS.…)` and {@link examples}. */
  command(context: Context): CommandUnknownOpts;
  /** True for a command that reads the words after `--` from `context.rest` itself. */
  readonly takesRest?: boolean;
}

/** Headings of `hostwright --help`, in their order. */
export const HELP_GROUPS = {
  setUp: 'Set up a host:',
  look: 'Look at a host:',
  lab: 'Try it without a host:',
  write: 'For host files, editors and scripts:',
} as const;

/** The `Examples` block at the end of a command's `--help`: each a command line and what it does. */
export function examples(...lines: readonly (readonly [line: string, does: string])[]): string {
  const width = Math.max(...lines.map(([line]) => line.length));
  const text = lines.map(([line, does]) => `  ${line.padEnd(width)}  ${does}`);
  return `\nExamples:\n${text.join('\n')}`;
}
