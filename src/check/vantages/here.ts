import { createSocket } from 'node:dgram';
import { connect, isIPv6, type Socket } from 'node:net';
import { ForwardError, type ForwardFailure } from '../../connect/connection.ts';
import { canonicalAddress } from '../../facts/address.ts';
import type { Vantage } from '../vantage.ts';

/** The machine that hostwright runs on, with ordinary sockets. */
export function hereVantage(): Vantage {
  return {
    name: 'here',
    kind: 'here',
    async sources(targets) {
      const found = await Promise.all(
        targets.map(async (target) => [target, await sourceFor(target)] as const),
      );
      return new Map(found.flatMap(([target, source]) => (source === undefined ? [] : [[target, source]])));
    },
    open: openSocket,
    exchange: sendDatagram,
    close: () => Promise.resolve(),
  };
}

/** The kernel's choice of source address. Connecting a UDP socket sends nothing (connect(2)). */
function sourceFor(target: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(target) ? 'udp6' : 'udp4');
    const end = (source: string | undefined): void => {
      socket.close();
      resolve(source);
    };
    // No callback for connect(): it would be called for failures too.
    socket.once('error', () => end(undefined));
    socket.once('connect', () => end(canonicalAddress(socket.address().address)));
    // Any port will do: 9 is discard's.
    socket.connect(9, target);
  });
}

/** A connected socket: who is refused by ICMP hears of it, and only that address is listened to (connect(2)). */
function sendDatagram(address: string, port: number, datagram: Buffer, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.removeAllListeners('message');
      socket.close();
      settle();
    };
    const fail = (reason: ForwardFailure, message: string): void =>
      end(() => reject(new ForwardError(reason, message)));
    const timer = setTimeout(() => fail('timeout', `no answer within ${timeoutMs} ms`), timeoutMs);
    socket.once('error', (error: NodeJS.ErrnoException) =>
      fail(REASONS[error.code ?? ''] ?? 'failed', error.message),
    );
    socket.once('message', (message) => end(() => resolve(message)));
    socket.once('connect', () => socket.send(datagram));
    socket.connect(port, address);
  });
}

const REASONS: Readonly<Record<string, ForwardFailure>> = {
  ECONNREFUSED: 'refused',
  // Accepted and thrown out in the same moment.
  ECONNRESET: 'refused',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  // A firewall here, or a reject with "administratively prohibited", forbids it.
  EACCES: 'unreachable',
  EPERM: 'unreachable',
};

function openSocket(address: string, port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, noDelay: true });
    const timer = setTimeout(() => fail('timeout', `no answer within ${timeoutMs} ms`), timeoutMs);
    const fail = (reason: ForwardFailure, message: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new ForwardError(reason, message));
    };
    socket.on('error', (error: NodeJS.ErrnoException) =>
      fail(REASONS[error.code ?? ''] ?? 'failed', error.message),
    );
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
}
