import type { Ask } from '../connect/connection.ts';
import { COLOUR, type Paint, PLAIN } from '../ui/paint.ts';

/** The options that every command takes, as they were typed. */
export interface Globals {
  readonly connect?: string;
  readonly lab?: string;
  readonly adopt: readonly string[];
  readonly closeUnlisted: boolean;
  readonly trustRecipes: boolean;
  readonly acceptHostKey?: string;
  readonly onConflict: 'stop' | 'keep' | 'take';
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  readonly cwd?: string;
}

/** Everything of the world around it that a command may touch. Commands print through this and nothing else. */
export interface Context {
  readonly globals: Globals;
  /** Absolute; relative paths that the user typed count from here. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The words after a lone `--`. */
  readonly rest: readonly string[];
  /** The words as they were typed, for starting hostwright again in another place. */
  readonly argv: readonly string[];
  /** A person sits at a terminal, sees what is printed and can answer. */
  readonly interactive: boolean;
  /** Where text for people goes: stdout, or stderr with `--json`. */
  readonly stream: NodeJS.WriteStream;
  readonly paint: Paint;
  /** Width of the terminal in columns; 80 where there is none. */
  readonly columns: number;
  readonly ask: Ask;
  /** Aborted by Ctrl-C: come to a safe stop. */
  readonly signal: AbortSignal;
  /** Ctrl-C is another process's from now on. */
  passSignalsOn(): void;
  /** Prints text for people; a newline is added. Not with `--quiet`. */
  say(text: string): void;
  /** Prints text that matters even with `--quiet`. */
  warn(text: string): void;
  /** Prints one JSON object on a line of its own on stdout. */
  json(value: object): void;
  /** Sets the exit code with which hostwright ends; the worst of several wins. */
  end(code: number): void;
}

/** What {@link createContext} takes from the process. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly cwd: string;
}

/** Puts a command's surroundings together. */
export function createContext(
  globals: Globals,
  { env, stdin, stdout, stderr, cwd }: Surroundings,
  given: Pick<Context, 'ask' | 'signal' | 'rest' | 'argv' | 'end' | 'passSignalsOn'>,
): Context {
  const stream = globals.json ? stderr : stdout;
  const write = (text: string): void => {
    stream.write(`${text}\n`);
  };
  return {
    ...given,
    globals,
    env,
    cwd,
    stream,
    interactive: isInteractive({ env, stdin, stdout: stream }),
    paint: hasColour(globals, env, stream) ? COLOUR : PLAIN,
    columns: stream.columns || 80,
    say: globals.quiet ? () => undefined : write,
    warn: write,
    json: (value) => {
      stdout.write(`${JSON.stringify(value)}\n`);
    },
  };
}

/** True when a person can be asked: a terminal on both sides that is not a dumb one. */
export function isInteractive({
  env,
  stdin,
  stdout,
}: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: { readonly isTTY?: boolean };
  readonly stdout: { readonly isTTY?: boolean };
}): boolean {
  return stdin.isTTY === true && stdout.isTTY === true && env.TERM !== 'dumb';
}

/** NO_COLOR (https://no-color.org) and FORCE_COLOR as other programs read them; else colour on a terminal only. */
export function hasColour(
  { color }: Pick<Globals, 'color'>,
  env: Readonly<Record<string, string | undefined>>,
  stream: { readonly isTTY?: boolean },
): boolean {
  if (!color || env.NO_COLOR) return false;
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return true;
  return stream.isTTY === true && env.TERM !== 'dumb';
}
