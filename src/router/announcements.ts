import { createSocket, type Socket } from 'node:dgram';
import type { Gateway } from './router.ts';

/** What routers say to everyone on their own account, and where. */
interface Group {
  readonly address: string;
  readonly port: number;
  /** The port that it has to come from; undefined: any. */
  readonly from?: number;
  /** Pure. */
  readonly means: (message: Buffer) => boolean;
}

/** NAT-PMP: its address outside (RFC 6886 3.2.1); PCP: that it has started (RFC 6887 14.1.3). Both are answers that nobody asked for. */
const STARTED: Group = {
  address: '224.0.0.1',
  port: 5350,
  from: 5351,
  means: (message) =>
    (message.length === 12 && message.readUInt16BE(0) === 0x0080) ||
    (message.length >= 24 && message.length <= 1100 && message.readUInt16BE(0) === 0x0280),
};

/** UPnP: that it is there (UPnP Device Architecture 2.0, 1.2.2); routers repeat it every few minutes. */
const THERE: Group = {
  address: '239.255.255.250',
  port: 1900,
  means: (message) => {
    if (message.length > 2000) return false;
    const text = message.toString('latin1');
    return (
      text.startsWith('NOTIFY * HTTP/1.1\r\n') &&
      /^NTS:[ \t]*ssdp:(alive|update)[ \t]*\r$/im.test(text) &&
      /^NT:[ \t]*urn:schemas-upnp-org:device:InternetGatewayDevice:[12][ \t]*\r$/im.test(text)
    );
  },
};

/** Those that are listened to. */
export const GROUPS: readonly Group[] = [STARTED, THERE];

/** Milliseconds within which announcements count as one: routers repeat them in a burst, and begin before they are ready. */
const BURST = 5_000;

/**
 * Listens for what the gateway tells everyone when it has started, or has another address outside. Nothing is believed of it but
 * that a look is worth while: at once, and once more after a burst. Where the ports can't be had, or a firewall is in the way,
 * nothing is heard, and changes are found by the clock.
 * @param heard called at most twice in five seconds, whatever comes
 * @returns what ends it
 */
export function hearRouter(
  { address, hostAddress }: Gateway,
  heard: () => void,
  groups: readonly Group[] = GROUPS,
): () => void {
  let quiet: NodeJS.Timeout | undefined;
  let isMore = false;
  const tell = (): void => {
    if (quiet !== undefined) {
      isMore = true;
      return;
    }
    heard();
    quiet = setTimeout(() => {
      quiet = undefined;
      if (!isMore) return;
      isMore = false;
      tell();
    }, BURST);
  };
  const sockets = groups.map((group) =>
    listen(group, hostAddress, (message, from) => {
      if (from.address === address && (group.from ?? from.port) === from.port && group.means(message)) tell();
    }),
  );
  return () => {
    clearTimeout(quiet);
    for (const socket of sockets) close(socket);
  };
}

function listen(
  { address, port }: Group,
  hostAddress: string,
  got: (message: Buffer, from: { readonly address: string; readonly port: number }) => void,
): Socket {
  // Other programs hear the same groups.
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('message', got);
  socket.on('error', () => close(socket));
  // Bound to the group itself, what is sent to this host's own addresses never comes here (ip(7)).
  socket.bind({ port, address }, () => {
    try {
      socket.addMembership(address, hostAddress);
      socket.unref();
    } catch {
      close(socket);
    }
  });
  return socket;
}

function close(socket: Socket): void {
  socket.removeAllListeners('message');
  socket.on('error', () => undefined);
  try {
    socket.close();
  } catch {
    // It was closed already.
  }
}
