import { HostError, InterruptedError, type Problem, UserError } from '../errors.ts';
import { COLOUR, type Paint, PLAIN } from '../ui/paint.ts';
import { plainText } from '../ui/plain-text.ts';
import { hasColour } from './context.ts';

/** What an AbortSignal throws is Ctrl-C, wherever it was waited for. */
function asInterruption(error: unknown): unknown {
  const isAbort = error instanceof Error && (error.name === 'AbortError' || error.name === 'ExitPromptError');
  return isAbort ? new InterruptedError('Interrupted.') : error;
}

/** Says what went wrong on stderr (with `--json` also as one object on stdout), and returns the exit code for it. */
export function reportError(thrown: unknown, argv: readonly string[]): number {
  const error = asInterruption(thrown);
  const has = (option: string): boolean => argv.slice(0, dashes(argv)).includes(option);
  const colour = hasColour({ color: !has('--no-color') }, process.env, process.stderr);
  const verbose = has('--verbose') || has('-v');
  process.stderr.write(`${describeError(error, { paint: colour ? COLOUR : PLAIN, verbose })}\n`);
  if (has('--json')) process.stdout.write(`${JSON.stringify(errorObject(error))}\n`);
  return exitCodeOf(error);
}

/** The exit code of the contract in docs/cli.md for anything thrown. A bug of ours counts as a failed run. */
export function exitCodeOf(error: unknown): number {
  return error instanceof UserError || error instanceof HostError ? error.exitCode : 1;
}

/** What a person reads: what happened, where, why as far as known, and what to do next. */
export function describeError(
  error: unknown,
  { paint, verbose }: { paint: Paint; verbose: boolean },
): string {
  if (error instanceof UserError) {
    const lines = error.problems.map((problem) => describeProblem(problem, paint));
    return lines.join('\n');
  }
  if (error instanceof HostError) {
    const parts = [paint.bad(plainText(error.message))];
    if (error.output) parts.push(lastLines(plainText(error.output), verbose, paint));
    if (error.hint) parts.push(indent(plainText(error.hint)));
    if (verbose && error.cause !== undefined)
      parts.push(paint.dim(indent(`Cause: ${causeText(error.cause)}`)));
    return parts.join('\n');
  }
  const message = error instanceof Error ? error.message : String(error);
  const what = `${paint.bad('This is a bug in hostwright:')} ${plainText(message)}`;
  if (verbose && error instanceof Error) return `${what}\n${paint.dim(plainText(error.stack ?? ''))}`;
  return `${what}\n  Run it again with --verbose and report what it prints.`;
}

/** The same as data: the last line of stdout with `--json`. */
export function errorObject(error: unknown): object {
  const exitCode = exitCodeOf(error);
  const base = { v: 1, event: 'error', exitCode } as const;
  if (error instanceof UserError) {
    const problems = error.problems.map(({ message, at, hint }) => ({
      message,
      ...at,
      ...(hint ? { hint } : {}),
    }));
    return { ...base, kind: 'usage', message: error.message, problems };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof HostError)) return { ...base, kind: 'bug', message };
  const kind = { 4: 'connect', 130: 'interrupted' }[exitCode] ?? 'host';
  const { hint, output } = error;
  return { ...base, kind, message, ...(hint ? { hint } : {}), ...(output ? { output } : {}) };
}

function describeProblem({ message, at, hint }: Problem, paint: Paint): string {
  const place = at && [at.file, at.line, at.column].filter((part) => part !== undefined).join(':');
  const what = `${place ? `${paint.strong(plainText(place))}: ` : ''}${paint.bad(plainText(message))}`;
  return hint ? `${what}\n${indent(plainText(hint))}` : what;
}

const KEPT_LINES = 12;

function lastLines(output: string, verbose: boolean, paint: Paint): string {
  const lines = output.trimEnd().split('\n');
  const shown = verbose ? lines : lines.slice(-KEPT_LINES);
  const left = lines.length - shown.length;
  const note = left > 0 ? [paint.dim(`  … ${left} earlier lines (--verbose)`)] : [];
  return [...note, ...shown.map((line) => paint.dim(`  │ ${line}`))].join('\n');
}

function causeText(cause: unknown): string {
  return plainText(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
}

const indent = (text: string): string => text.replaceAll(/^/gm, '  ');

function dashes(argv: readonly string[]): number {
  const at = argv.indexOf('--');
  return at < 0 ? argv.length : at;
}
