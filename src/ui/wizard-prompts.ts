import { confirm, input, select } from '@inquirer/prompts';
import type { Prompts } from '../wizard/prompts.ts';
import { rethrowInterrupt } from './ask.ts';

// Named imports, so that the bundle leaves out the other prompts.

/** Where prompts are drawn, and what ends them. */
export interface WizardSurroundings {
  readonly stream: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

/** The wizard's questions on a terminal. */
export function createPrompts({ stream: output, signal }: WizardSurroundings): Prompts {
  const context = { output, signal };
  return {
    input: ({ check, ...question }) =>
      input({ ...question, validate: (text) => check(text) ?? true }, context).catch(rethrowInterrupt),
    select: ({ message, choices }) =>
      select({ message, choices: [...choices] }, context).catch(rethrowInterrupt),
    confirm: (question) => confirm(question, context).catch(rethrowInterrupt),
  };
}
