import { type Shell, sh } from '../quote.ts';
import { AGENT } from './places.ts';

/** Has the agent on the host do something, as its own user; for scripts that run as root. */
export function asAgent(words: readonly string[]): Shell {
  return sh`setpriv --reuid=${AGENT.user} --regid=${AGENT.user} --clear-groups --no-new-privs /usr/bin/node ${AGENT.main} ${words}`;
}
