import { once } from 'node:events';
import { keepDdns } from './ddns/keep.ts';

/**
 * The one process of the agent that stays: it keeps up what changes with the network. Ends by SIGTERM or SIGINT.
 * @param say a line for the journal
 */
export async function stay(say: (line: string) => void): Promise<void> {
  const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  const names = keepDdns({ tell: say });
  await names.look();
  await stopped;
  names.stop();
}
