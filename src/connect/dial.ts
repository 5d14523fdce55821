import { connect, isIP, type Socket } from 'node:net';
import type { ConnectError } from '../errors.ts';
import { closedPort, noAnswer, noRoute, slowLookup, unknownHost } from './failures.ts';
import { interrupted } from './interrupt.ts';
import type { SshRoute } from './route.ts';

/**
 * Opens the TCP connection for ssh with Nagle's algorithm off before the first byte: with it on, every
 * exchange waits 43 ms for a delayed ACK.
 * @throws {ConnectError} saying whether the name, the route, the machine or the port is at fault
 */
export function dial({ settings, place, limits, signal }: SshRoute): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: settings.hostname,
      port: place.port,
      noDelay: true,
      family: settings.family,
      autoSelectFamily: settings.family === 0,
      autoSelectFamilyAttemptTimeout: 2_500,
    });
    let lookedUp = isIP(settings.hostname) !== 0;
    const fail = (error: Error): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(interrupted());
    const timer = setTimeout(() => fail(lookedUp ? noAnswer(place) : slowLookup(place)), limits.connect);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    socket.on('lookup', () => {
      lookedUp = true;
    });
    socket.once('error', (error: NodeJS.ErrnoException) => fail(explainDial(error, { place })));
    socket.once('connect', () => {
      // An error that something else has asked the system for is gone by then, and nobody is at the other end.
      if (socket.remoteAddress === undefined) return fail(noRoute(place));
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.removeAllListeners('error');
      // A reset between here and the handshake must not become an uncaught exception.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

/** Maps the system's error code to a sentence; also for the several attempts of one name. */
export function explainDial(error: NodeJS.ErrnoException, { place }: Pick<SshRoute, 'place'>): ConnectError {
  switch (error.code) {
    case 'ENOTFOUND':
      return unknownHost(place, error);
    case 'EAI_AGAIN':
      return slowLookup(place);
    case 'ECONNREFUSED':
      return closedPort(place, error);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
    case 'EADDRNOTAVAIL':
      return noRoute(place, error);
    default:
      return noAnswer(place, error);
  }
}
