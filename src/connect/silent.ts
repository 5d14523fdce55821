import { UserError } from '../errors.ts';
import type { Ask } from './connection.ts';
import type { SshRoute } from './route.ts';

/**
 * The route for a further connection to a host that has let us in. It asks nobody, and Ctrl-C does not end it: it may
 * have to prove that the way in still works, while the run is already on its way to a safe point.
 */
export function unattended(route: SshRoute): SshRoute {
  return { ...route, ask: nobody, signal: undefined };
}

/** Answers nothing: for where a question must not come up. */
const nobody: Ask = {
  interactive: false,
  secret: (question) => Promise.reject(unanswered(question)),
  confirm: (question) => Promise.reject(unanswered(question)),
};

function unanswered(question: string): UserError {
  return new UserError({ message: `Nobody is asked here: ${question}` });
}
