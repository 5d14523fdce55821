import type { Connection } from '../../connect/connection.ts';
import type { Vantage } from '../vantage.ts';
import { exchangeThrough } from './datagram.ts';

/** The host itself, to its own addresses: through the connection that is already open to it. */
export function selfVantage(connection: Pick<Connection, 'forward' | 'exec'>): Vantage {
  return {
    name: 'self',
    kind: 'self',
    sources: (targets) => Promise.resolve(new Map(targets.map((target) => [target, target]))),
    open: (address, port, timeoutMs) => connection.forward(address, port, timeoutMs),
    exchange: (...datagram) => exchangeThrough(connection, ...datagram),
    // The connection belongs to the session.
    close: () => Promise.resolve(),
  };
}
