import type { Facts } from '../../src/facts/facts.ts';
import type { Listener } from '../../src/facts/probes/listeners.ts';
import { byPort, includesPort, type Port, portName } from './ports.ts';

/** A port on which something waits for other machines. */
export interface ListeningPort extends Port {
  /** Name of the process, harmless in a comment; may be empty. */
  readonly process: string;
  /** Docker publishes it: its own rules let it in before ours are asked. */
  readonly docker: boolean;
}

/** Ports that are not kept but decided upon by name: of roles, of ssh, and of the host file's lists. */
interface Decided {
  readonly named: readonly Port[];
  readonly close: readonly Port[];
  readonly closeUnlisted: boolean;
}

/** What happens to ports that the host file does not name. */
export interface Unlisted {
  /** They stay open to everybody, as they were. */
  readonly keep: readonly ListeningPort[];
  /** They listen and will not be reachable. */
  readonly close: readonly ListeningPort[];
}

/** Lease clients: the rules let the answers in. */
const LEASES: readonly Port[] = [
  { protocol: 'udp', port: 68 },
  { protocol: 'udp', port: 546 },
];

/** Everything that listens for other machines, one entry a port. */
export function listeningPorts(listeners: readonly Listener[]): readonly ListeningPort[] {
  const found = new Map<string, ListeningPort>();
  for (const listener of listeners) {
    if (listener.loopbackOnly || includesPort(LEASES, listener)) continue;
    const { protocol, port, docker } = listener;
    const process = listener.process.replaceAll(/[^A-Za-z0-9._+-]/g, '').slice(0, 40);
    const known = found.get(portName(listener));
    if (!known) found.set(portName(listener), { protocol, port, process, docker });
  }
  return [...found.values()].sort(byPort);
}

/**
 * The first time, what listens is kept. From then on our own file says what was kept, so that a service that starts or
 * stops between two runs changes nothing; what has come since then is closed and said so.
 */
export function decideUnlisted(facts: Facts, { named, close, closeUnlisted }: Decided): Unlisted {
  const { ours } = facts.firewall;
  const listening = listeningPorts(facts.listeners).filter((port) => !includesPort(named, port));
  const before = ours.kept
    ? ours.kept.filter((port) => !includesPort(named, port)).map((port) => ({ ...port, docker: false }))
    : listening;
  const keep = closeUnlisted ? [] : before.filter((port) => !includesPort(close, port));
  return {
    keep: [...keep].sort(byPort),
    close: listening.filter((port) => !includesPort(keep, port)),
  };
}
