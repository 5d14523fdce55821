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

const modules: Readonly<Record<string, () => Promise<CommandModule>>> = commands;

/**
 * Finds the command that was typed, imports it alone, and runs it.
 * @returns its exit code
 * @throws {UserError} for usage that makes no sense; whatever the command throws
 */
export async function run(argv: readonly string[]): Promise<number> {
  leaveQuietlyOnClosedPipe();
  const [words, rest] = splitAtDashes(argv);
  const { name, globals } = parseGlobals(words);
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
    await dispatch(name, words, context);
    return exitCode;
  } finally {
    watch.stop();
  }
}

async function dispatch(name: string | undefined, words: readonly string[], context: Context): Promise<void> {
  const [first, topic] = words;
  if (first === 'help') return topic ? dispatch(topic, [topic, '--help'], context) : showHelp(context);
  if (name === undefined) {
    if (words.includes('--help') || words.includes('-h')) return showHelp(context);
    const { nameForBareCall } = await import('./bare-call.ts');
    const meant = nameForBareCall(context);
    return dispatch(meant, [meant, ...words], context);
  }
  const load = modules[name];
  if (!load) throw unknownCommand(name);
  const module = await load();
  const program = prepare(createProgram(), context);
  program.addCommand(prepare(module.command(context), context));
  const given = module.takesRest || context.rest.length === 0 ? words : [...words, '--', ...context.rest];
  await parse(program, given);
}

async function showHelp(context: Context): Promise<void> {
  const program = prepare(createProgram(), context);
  const loaded = await Promise.all(
    Object.values(modules).map(async (load) => (await load()).command(context)),
  );
  for (const command of loaded) program.addCommand(command);
  program.addHelpText('after', START_WITH);
  await parse(program, ['--help']);
}

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
    return { name: operands[0], globals: program.opts() };
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

async function parse(program: CommandUnknownOpts, words: readonly string[]): Promise<void> {
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    throw asUserError(error);
  }
}

function asUserError(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  const [message = '', ...more] = error.message.replace(/^error: /, '').split('\n');
  const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1)}`;
  const hint = more.join(' ').replace(/^\(|\)$/g, '') || 'See `hostwright help`.';
  return new UserError({ message: sentence, hint });
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
