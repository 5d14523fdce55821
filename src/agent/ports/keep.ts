import { type FSWatcher, watch } from 'node:fs';
import type { Wanted } from '../../router/find.ts';
import type { Gateway, Router } from '../../router/router.ts';
import type { HostNetwork } from '../network.ts';
import { KeptPorts } from './pass.ts';

/** What keeping ports up depends on; the defaults of {@link keepPorts} are for the host. */
export interface PortsSurroundings {
  readonly find: (gateway: Gateway, wanted: Wanted) => Promise<Router | undefined>;
  readonly network: () => Promise<HostNetwork>;
  /** Tells when the router says something to everyone; gives what ends it. */
  readonly hear: (gateway: Gateway, heard: () => void) => () => void;
  /** Whether anybody wants to know the router's address outside, though no port is declared. */
  readonly wantsAddress: () => Promise<boolean>;
  /** The router's address outside has changed. */
  readonly outsideChanged: () => void;
  /** For the log. */
  readonly tell: (text: string) => void;
  readonly places: PortsPlaces;
  /** For tests: what the waits are multiplied by. */
  readonly pace?: number;
}

/** Where declarations lie, and what the agent keeps. */
export interface PortsPlaces {
  readonly declarations: string;
  readonly state: string;
  readonly ledger: string;
  readonly secret: string;
}

/** Mappings that are kept up until {@link Ports.stop}; they stay at the router then. */
export interface Ports {
  /** Addresses or routes of this host may have changed. */
  readonly changed: () => void;
  /** Looks now. Never rejects. */
  readonly look: () => Promise<void>;
  readonly stop: () => void;
}

/** Milliseconds between a change of declarations and the look at them. */
const SETTLE = 200;

/** Keeps declared ports mapped: looks at the start, when something changed, and by the clock. */
export function keepPorts(around: PortsSurroundings): Ports {
  const { tell, places, pace = 1 } = around;
  const heard = new Hearing(around, () => {
    ports.routerHeard();
    soon();
  });
  const ports = new KeptPorts({ ...around, network: () => heard.network() });
  let running: Promise<void> | undefined;
  let again = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;

  const later = (milliseconds: number): void => {
    clearTimeout(timer);
    if (!isStopped) timer = setTimeout(() => void look(), milliseconds);
  };
  const soon = (): void => {
    if (running) again = true;
    else later(SETTLE);
  };
  const look = (): Promise<void> => {
    if (running) {
      again = true;
      return running;
    }
    clearTimeout(timer);
    // Anew at each look: the folder may not have been there, or be another one by now.
    watcher?.close();
    watcher = watched(places.declarations, soon);
    running = ports
      .pass()
      .catch((error: unknown) => {
        tell(`Looking after ports failed: ${error instanceof Error ? error.message : String(error)}`);
        return FAILED;
      })
      .then((wait) => {
        running = undefined;
        later(again ? SETTLE : (watcher ? wait : Math.min(wait, UNWATCHED)) * pace);
        again = false;
      });
    return running;
  };
  return {
    changed: () => {
      ports.networkChanged();
      soon();
    },
    look,
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
      watcher?.close();
      heard.stop();
      ports.close();
    },
  };
}

/** Listens to the router of the network that the host is in. */
class Hearing {
  readonly #around: PortsSurroundings;
  readonly #heard: () => void;
  #whom: string | undefined;
  #stop = (): void => undefined;

  constructor(around: PortsSurroundings, heard: () => void) {
    this.#around = around;
    this.#heard = heard;
  }

  async network(): Promise<HostNetwork> {
    const network = await this.#around.network();
    const { gateway, address } = network;
    const whom = gateway === undefined || address === undefined ? undefined : `${address} ${gateway}`;
    if (whom === this.#whom) return network;
    this.stop();
    this.#whom = whom;
    if (gateway !== undefined && address !== undefined)
      this.#stop = this.#around.hear({ address: gateway, hostAddress: address }, this.#heard);
    return network;
  }

  stop(): void {
    this.#stop();
    this.#stop = () => undefined;
    this.#whom = undefined;
  }
}

/** Milliseconds between looks at a folder that can't be watched. */
const UNWATCHED = 15_000;
/** Milliseconds after something unforeseen. */
const FAILED = 60_000;

/** A folder that can't be watched is looked at by the clock alone. */
function watched(folder: string, changed: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, changed);
    watcher.on('error', () => undefined);
    return watcher;
  } catch {
    return undefined;
  }
}
