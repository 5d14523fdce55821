import { once } from 'node:events';
import { hearRouter } from '../router/announcements.ts';
import { keepDdns } from './ddns/keep.ts';
import { jsonFiles } from './files.ts';
import { readNetwork, watchNetwork } from './network.ts';
import { DECLARATIONS } from './places.ts';
import { keepPorts } from './ports/keep.ts';
import { PORTS_PLACES } from './ports/places.ts';

/**
 * The one process of the agent that stays: it keeps up what changes with the network. Looks at
 * everything anew by SIGHUP; ends by SIGTERM or SIGINT.
 * @param say a line for the journal
 */
export async function stay(say: (line: string) => void): Promise<void> {
  const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  const names = keepDdns({ tell: say });
  const ports = keepPorts({
    find: async (gateway, wanted) => {
      const { findRouter } = await import('../router/find.ts');
      return findRouter(gateway, wanted);
    },
    network: () => readNetwork(say),
    hear: hearRouter,
    wantsAddress: async () => (await jsonFiles(DECLARATIONS.ddns)).length > 0,
    outsideChanged: names.changed,
    tell: say,
    places: PORTS_PLACES,
  });
  const changed = (): void => {
    names.changed();
    ports.changed();
  };
  const unwatch = watchNetwork(changed, say);
  process.on('SIGHUP', changed);
  await ports.look();
  await names.look();
  await stopped;
  unwatch();
  ports.stop();
  names.stop();
}
