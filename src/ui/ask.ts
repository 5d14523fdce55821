import type { Ask } from '../connect/connection.ts';
import { type SecretKind, secretKind } from '../connect/questions.ts';
import { InterruptedError, UserError } from '../errors.ts';
import { plainText } from './plain-text.ts';

/** Environment variables that answer a secret question for scripts, by what the secret is. */
const ANSWERS: Readonly<Record<SecretKind, string | undefined>> = {
  'ssh-password': 'HOSTWRIGHT_SSH_PASSWORD',
  'sudo-password': 'HOSTWRIGHT_SUDO_PASSWORD',
  'root-password': 'HOSTWRIGHT_ROOT_PASSWORD',
  passphrase: 'HOSTWRIGHT_KEY_PASSPHRASE',
  other: undefined,
};

/** What {@link createAsk} needs of its surroundings. */
export interface AskSurroundings {
  readonly interactive: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where prompts are drawn; never stdout when that carries JSON. */
  readonly output: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/** Questions to the person at the terminal. Without one, each says which option or variable answers it. */
export function createAsk({ interactive, env, output, signal }: AskSurroundings): Ask {
  const context = { output, signal };
  return {
    interactive,
    secret: async (question) => {
      const variable = ANSWERS[secretKind(question)];
      const given = variable && env[variable];
      if (given) return given;
      if (!interactive) {
        throw new UserError({
          message: `A question needs an answer, and there is no terminal to ask on: ${plainText(question)}`,
          hint: variable
            ? `Run it on a terminal, or give the answer in the environment variable ${variable}.`
            : 'Run it on a terminal.',
        });
      }
      const { askSecret } = await import('./yes-no-secret.ts');
      return askSecret(plainText(question), context).catch(rethrowInterrupt);
    },
    confirm: async (question) => {
      if (!interactive) {
        throw new UserError({
          message: `A question needs an answer, and there is no terminal to ask on: ${plainText(question)}`,
          hint: 'Run it on a terminal, or see `hostwright help` for the option that answers it.',
        });
      }
      const { askYesNo } = await import('./yes-no-secret.ts');
      return askYesNo(plainText(question), context).catch(rethrowInterrupt);
    },
  };
}

/** Ctrl-C at a question is Ctrl-C, not a bug. */
export function rethrowInterrupt(error: unknown): never {
  const name = error instanceof Error ? error.name : '';
  if (name === 'ExitPromptError' || name === 'AbortPromptError') {
    throw new InterruptedError('Stopped at a question.');
  }
  throw error;
}
