import { UserError } from '../errors.ts';
import type { Ask } from './connection.ts';

/** Answers nothing: for where a question must not come up. */
export const nobody: Ask = {
  interactive: false,
  secret: (question) => Promise.reject(unanswered(question)),
  confirm: (question) => Promise.reject(unanswered(question)),
};

function unanswered(question: string): UserError {
  return new UserError({ message: `Nobody is asked here: ${question}` });
}
