/**
 * Errors by whose fault they are. Anything thrown that is neither is a bug of ours.
 * Every message says what happened, where, why as far as known, and what to do next.
 */

/** Exit codes of the command line; the contract is in docs/cli.md. */
export const EXIT = { ok: 0, failed: 1, usage: 2, pending: 3, unreachable: 4, interrupted: 130 } as const;

/** A place in a file that a person wrote; line and column count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** One thing that is wrong, with its place and its remedy. */
export interface Problem {
  readonly message: string;
  readonly at?: SourcePosition;
  readonly hint?: string;
}

/** `file:line:column: message` with the hint on a line of its own. */
export function formatProblem({ at, message, hint }: Problem): string {
  const place = at ? `${[at.file, at.line, at.column].filter((part) => part !== undefined).join(':')}: ` : '';
  return `${place}${message}${hint ? `\n  ${hint}` : ''}`;
}

/** Yours to fix: usage, or a host file or recipe that is invalid. Nothing was touched. Exit code 2. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly exitCode: number = EXIT.usage;
  readonly problems: readonly Problem[];

  constructor(problems: Problem | readonly Problem[]) {
    const all: readonly Problem[] = 'message' in problems ? [problems] : problems;
    super(all.map(formatProblem).join('\n'));
    this.problems = all;
  }
}

/** What a {@link HostError} carries besides its message. */
export interface HostErrorDetails {
  /** What to do next, in plain words. */
  readonly hint?: string;
  /** What the host said, verbatim and already without secrets. */
  readonly output?: string;
  readonly cause?: unknown;
}

/** The host refused or failed: a step, a check, an operating system we do not support. Exit code 1. */
export class HostError extends Error {
  override readonly name: string = 'HostError';
  readonly exitCode: number = EXIT.failed;
  readonly hint: string | undefined;
  readonly output: string | undefined;

  constructor(message: string, { hint, output, cause }: HostErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.hint = hint;
    this.output = output;
  }
}

/** The host could not be reached or would not let us in: address, key, password, sudo. Exit code 4. */
export class ConnectError extends HostError {
  override readonly name = 'ConnectError';
  override readonly exitCode: number = EXIT.unreachable;
}

/** Ctrl-C: the run was stopped at a safe point. Exit code 130. */
export class InterruptedError extends HostError {
  override readonly name = 'InterruptedError';
  override readonly exitCode: number = EXIT.interrupted;
}
