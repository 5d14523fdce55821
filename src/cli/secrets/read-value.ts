import { UserError } from '../../errors.ts';
import type { Context } from '../context.ts';

/** Longer than any password, and short enough for every program that takes one. Characters. */
const LONGEST = 4096;

/**
 * A secret from the person at the terminal, twice and without echo, or from standard input. Never from an argument.
 * @throws {UserError} for what cannot be one.
 */
export async function readNewValue({ interactive, ask }: Context, what: string): Promise<string> {
  if (!interactive) return checked(await readInput(what));
  const value = checked(await ask.secret(`${what}:`));
  if ((await ask.secret('The same once more:')) === value) return value;
  throw new UserError({ message: 'These were two different values. Nothing was changed.' });
}

/** One line from the terminal without echo, or all of standard input. */
export async function readHidden({ interactive, ask }: Context, question: string): Promise<string> {
  return interactive ? ask.secret(`${question}:`) : readInput(question);
}

async function readInput(what: string): Promise<string> {
  if (process.stdin.isTTY) {
    throw new UserError({
      message: `${what}: it would be seen while you type, since the output is no terminal.`,
      hint: 'Run it on a terminal, or give it on standard input.',
    });
  }
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

function checked(value: string): string {
  const wrong =
    value === ''
      ? 'it is empty'
      : value.length > LONGEST
        ? `it has more than ${LONGEST} characters`
        : /[\p{Cc}\p{Surrogate}\ufffd]/u.test(value)
          ? 'it holds a line break or another control character, or is no text'
          : undefined;
  if (wrong === undefined) return value;
  throw new UserError({
    message: `This cannot be a secret: ${wrong}.`,
    hint: 'Give it on a terminal, or on standard input.',
  });
}
