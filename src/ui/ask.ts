import type { Ask, SecretPurpose } from '../connect/connection.ts';
import { InterruptedError, UserError } from '../errors.ts';
import { plainText } from './plain-text.ts';

/** Environment variables that answer a secret question for scripts, by what the secret is for. */
const ANSWERS: Readonly<Record<SecretPurpose, string>> = {
  ssh: 'HOSTWRIGHT_SSH_PASSWORD',
  sudo: 'HOSTWRIGHT_SUDO_PASSWORD',
  key: 'HOSTWRIGHT_KEY_PASSPHRASE',
};

/** What {@link createAsk} needs of its surroundings. */
export interface AskSurroundings {
  readonly interactive: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where prompts are drawn; never stdout when that carries JSON. */
  readonly output: NodeJS.WriteStream;
  readonly signal: AbortSignal;
  /** Drawn over by a prompt, so whatever redraws the screen stops first. */
  readonly beforePrompt?: () => void;
}

/** Questions to the person at the terminal. Without one, each says which option or variable answers it. */
export function createAsk({ interactive, env, output, signal, beforePrompt }: AskSurroundings): Ask {
  const context = { output, signal, clearPromptOnDone: false };
  const asked = async <T>(prompt: () => Promise<T>): Promise<T> => {
    beforePrompt?.();
    return prompt().catch(rethrow);
  };
  return {
    interactive,
    secret: async (question, purpose) => {
      const variable = ANSWERS[purpose ?? guessPurpose(question)];
      const given = env[variable];
      if (given !== undefined) return given;
      if (!interactive) {
        throw new UserError({
          message: `A question needs an answer, and there is no terminal to ask on: ${plainText(question)}`,
          hint: `Run it on a terminal, or give the answer in the environment variable ${variable}.`,
        });
      }
      const { password } = await import('@inquirer/prompts');
      return asked(() => password({ message: plainText(question), mask: false }, context));
    },
    confirm: async (question) => {
      if (!interactive) {
        throw new UserError({
          message: `A question needs an answer, and there is no terminal to ask on: ${plainText(question)}`,
          hint: 'Run it on a terminal, or see `hostwright help` for the option that answers it.',
        });
      }
      const { confirm } = await import('@inquirer/prompts');
      return asked(() => confirm({ message: plainText(question), default: false }, context));
    },
  };
}

function guessPurpose(question: string): SecretPurpose {
  if (/\bpassphrase\b/i.test(question)) return 'key';
  return /\bsudo\b/i.test(question) ? 'sudo' : 'ssh';
}

/** Ctrl-C at a question is Ctrl-C, not a bug. */
function rethrow(error: unknown): never {
  const name = error instanceof Error ? error.name : '';
  if (name === 'ExitPromptError' || name === 'AbortPromptError') {
    throw new InterruptedError('Stopped at a question.');
  }
  throw error;
}
