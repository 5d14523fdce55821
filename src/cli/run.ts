import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { UserError } from '../errors.ts';
import { suggest } from '../suggest.ts';
import { createAsk } from '../ui/ask.ts';
import type { CommandModule } from './command-module.ts';
import { type Context, createContext, isInteractive } from './context.ts';
import { createProgram } from './globals.ts';
import { formatHelp } from './help.ts';
import { watchInterrupts } from './interrupt.ts';
import { commands } from './registry.generated.ts';
import { asUserError } from './usage.ts';
import { version } from './version.ts';

const modules: Readonly<Record<string, () => Promise<CommandModule>>> = commands;

/**
 * Finds the command that was typed, imports it alone, and runs it.
 * @returns its exit code
 * @throws {UserError} for usage that makes no sense; whatever the command throws
 */
export async function run(argv: readonly string[]): Promise<number> {
  leaveQuietlyOnClosedPipe();
  const [words, rest] = splitAtDashes(argv);
  const { operands, globals } = parseGlobals(words);
  if (globals.version) {
    process.stdout.write(
      globals.json ? `${JSON.stringify({ v: 1, version: version() })}\n` : `${version()}\n`,
    );
    return 0;
  }
  requireFolder(globals.cwd);
  const watch = watchInterrupts(
    (text) => process.stderr.write(`\n${text}\n`),
    (code) => process.exit(code),
  );
  let exitCode = 0;
  const stream = globals.json ? process.stderr : process.stdout;
  const interactive = isInteractive({ env: process.env, stdin: process.stdin, stdout: stream });
  const context = createContext(
    globals,
    { ...processSurroundings(), cwd: resolve(globals.cwd ?? '.') },
    {
      ask: createAsk({ interactive, env: process.env, output: stream, signal: watch.signal }),
      signal: watch.signal,
      rest,
      argv,
      passSignalsOn: watch.stop,
      end: (code) => {
        exitCode = Math.max(exitCode, code);
      },
    },
  );
  try {
    await dispatch(operands, words, context);
    return exitCode;
  } finally {
    watch.stop();
  }
}

async function dispatch(
  [name, ...below]: readonly string[],
  words: readonly string[],
  context: Context,
): Promise<void> {
  if (name === 'help') return below[0] ? dispatch(below, [...below, '--help'], context) : showHelp(context);
  if (name === undefined) {
    if (words.includes('--help') || words.includes('-h')) return showHelp(context);
    const { nameForBareCall } = await import('./bare-call.ts');
    const meant = nameForBareCall(context);
    return dispatch([meant], [meant, ...words], context);
  }
  const load = modules[name];
  if (!load) throw unknownCommand(name);
  const module = await load();
  const program = prepare(createProgram(), context);
  const command = module.command(context);
  program.addCommand(prepare(command, context));
  const given = module.takesRest || context.rest.length === 0 ? words : [...words, '--', ...context.rest];
  await parse(program, given, command);
}

async function showHelp(context: Context): Promise<void> {
  const program = prepare(createProgram(), context);
  const loaded = await Promise.all(
    Object.values(modules).map(async (load) => (await load()).command(context)),
  );
  // What one does first comes first; all others as they come, by name.
  const place = (command: CommandUnknownOpts): number => {
    const at = FIRST_STEPS.indexOf(command.name());
    return at < 0 ? FIRST_STEPS.length : at;
  };
  for (const command of loaded.sort((a, b) => place(a) - place(b))) program.addCommand(command);
  program.addHelpText('after', START_WITH);
  await parse(program, ['--help']);
}

const FIRST_STEPS = ['init', 'plan', 'apply', 'rehearse'];

const START_WITH = `
Start with:
  hostwright init       answer a few questions, get a host.yaml
  hostwright rehearse   see it work in a simulated home network first
  hostwright apply      set the host up, and check it from other machines

\`hostwright help COMMAND\` tells more about each, with examples.`;

/** Splits at a lone `--`: what follows belongs to another program. */
function splitAtDashes(argv: readonly string[]): [words: readonly string[], rest: readonly string[]] {
  const at = argv.indexOf('--');
  return at < 0 ? [argv, []] : [argv.slice(0, at), argv.slice(at + 1)];
}

/** Reads the global options wherever they stand, without knowing the command's own. */
function parseGlobals(words: readonly string[]) {
  const program = createProgram()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  try {
    const { operands } = program.parseOptions([...words]);
    return { operands, globals: program.opts() };
  } catch (error) {
    throw asUserError(error);
  }
}

/** Makes commander throw instead of ending the process, and print where the context says. */
function prepare<Prepared extends CommandUnknownOpts>(
  command: Prepared,
  { stream, columns }: Pick<Context, 'stream' | 'columns'>,
): Prepared {
  command
    .exitOverride()
    .configureHelp({ helpWidth: Math.min(columns, 100), formatHelp })
    .configureOutput({ writeOut: (text) => stream.write(text), writeErr: () => undefined })
    .showSuggestionAfterError()
    .helpCommand(false);
  for (const child of command.commands) prepare(child, { stream, columns });
  return command;
}

async function parse(
  program: CommandUnknownOpts,
  words: readonly string[],
  command?: CommandUnknownOpts,
): Promise<void> {
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    throw asUserError(error, command);
  }
}

/** @throws {UserError} when `--cwd` names no folder: later that would look like a host file that is not there. */
function requireFolder(cwd: string | undefined): void {
  if (cwd === undefined || statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new UserError({
    message: `--cwd ${cwd}: there is no such folder.`,
    hint: 'Give a folder that is there.',
  });
}

function unknownCommand(name: string): UserError {
  const meant = suggest(name, Object.keys(modules));
  const hint = meant ? `Did you mean \`hostwright ${meant}\`?` : 'See `hostwright help` for what there is.';
  return new UserError({ message: `There is no command \`${name}\`.`, hint });
}

function processSurroundings() {
  const { env, stdin, stdout, stderr } = process;
  return { env, stdin, stdout, stderr };
}

/** `hostwright plan | head` ends when head does; that is no error. */
function leaveQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}
