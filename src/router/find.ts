import { natPmp } from './nat-pmp.ts';
import { pcp } from './pcp.ts';
import type { Gateway, Router } from './router.ts';

/** What is wanted of a router. */
export interface Wanted {
  /** How many single ports. */
  readonly ports: number;
  /** What this host's requests are known by, the same for good: at least 16 random bytes. */
  readonly secret: Buffer;
  /** Our own UDP port for the search by UPnP, for a firewall that has to let answers to the group in; default: any. */
  readonly ssdpPort?: number;
  /** For tests: where routers listen, and how long they may take. */
  readonly places?: { readonly udp: number; readonly ssdp: number; readonly total: number };
}

/** So many ports are renewed every few seconds without anybody noticing. */
const FEW = 12;

/** Leases to ask for; seconds. Many a router grants no less than two minutes by PCP. */
const LEASES = { few: 45, usual: 120 } as const;

/** Milliseconds for finding a router by each protocol. */
const TOTAL = 3000;

/**
 * Asks the gateway by all three protocols at once, and takes the best that answers: UPnP where few ports are wanted, since its
 * leases may be short and it says who has a port; else PCP, then NAT-PMP. Never rejects; takes some seconds.
 * @returns undefined where none answers
 */
export async function findRouter(gateway: Gateway, wanted: Wanted): Promise<Router | undefined> {
  const { ports, secret, ssdpPort, places } = wanted;
  const isFew = ports <= FEW;
  const total = places?.total ?? TOTAL;
  const lease = isFew ? LEASES.few : LEASES.usual;
  const manner = {
    patience: { first: 250, total },
    lease,
    ...(places === undefined ? {} : { port: places.udp }),
  };
  const upnp = import('./upnp/igd.ts').then(({ igd }) =>
    igd(gateway, {
      search: total,
      find: total + total / 2,
      request: total,
      lease,
      ...(ssdpPort === undefined ? {} : { localPort: ssdpPort }),
      ...(places === undefined ? {} : { ssdpPort: places.ssdp }),
    }),
  );
  const asked = [upnp, pcp(gateway, { ...manner, secret }), natPmp(gateway, manner)].map((one) =>
    one.catch(() => undefined),
  );
  const order = isFew ? asked : [...asked.slice(1), ...asked.slice(0, 1)];
  // All have been asked by now; the first in order counts.
  for (const one of order) {
    const router = await one;
    if (router) return router;
  }
  return undefined;
}
