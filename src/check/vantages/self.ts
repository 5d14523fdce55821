import type { Connection } from '../../connect/connection.ts';
import type { Vantage } from '../vantage.ts';

/** The host itself, to its own addresses: through the connection that is already open to it. */
export function selfVantage(connection: Pick<Connection, 'forward'>): Vantage {
  return {
    name: 'self',
    kind: 'self',
    sources: (targets) => Promise.resolve(new Map(targets.map((target) => [target, target]))),
    open: (address, port, timeoutMs) => connection.forward(address, port, timeoutMs),
    // The connection belongs to the session.
    close: () => Promise.resolve(),
  };
}
