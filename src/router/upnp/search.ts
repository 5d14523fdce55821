/** The search for a UPnP router (SSDP, UPnP Device Architecture 1.1 section 1.3). */
import { createSocket } from 'node:dgram';
import type { Gateway } from '../router.ts';

const GROUP = '239.255.255.250';
const PORT = 1900;
const TARGETS = [
  'urn:schemas-upnp-org:device:InternetGatewayDevice:2',
  'urn:schemas-upnp-org:device:InternetGatewayDevice:1',
];
/** Bytes of an answer, characters of an address in it, and addresses that are tried. */
const MOST = 4096;
const LONGEST = 512;
const ENOUGH = 4;
/** Milliseconds after the first answer: a router answers once for each target. */
const MORE = 200;

/**
 * Where the gateway describes itself: it alone is listened to, and only for what lies on itself. It is asked directly and as one of the
 * group, since some answer only one of the two. Never rejects.
 * @param total milliseconds
 * @param port for tests; where routers listen
 * @param localPort ours; 0: any
 */
export function search(
  { address, hostAddress }: Gateway,
  total: number,
  port: number = PORT,
  localPort = 0,
): Promise<readonly URL[]> {
  return new Promise((resolve) => {
    const found = new Map<string, URL>();
    const socket = createSocket('udp4');
    const timers: NodeJS.Timeout[] = [];
    const end = (): void => {
      for (const timer of timers.splice(0)) clearTimeout(timer);
      socket.removeAllListeners('message');
      try {
        socket.close();
      } catch {
        // Closed by an error before.
      }
      resolve([...found.values()]);
    };
    timers.push(setTimeout(end, total));
    socket.on('error', () => undefined);
    socket.on('message', (answer, { address: from }) => {
      // Of any port: some routers answer from another one than they are asked at.
      if (from !== address || found.size >= ENOUGH) return;
      const location = locationIn(answer, address);
      if (!location) return;
      if (found.size === 0) timers.push(setTimeout(end, MORE));
      found.set(location.href, location);
    });
    const send = (): void => {
      for (const target of TARGETS) {
        const message = searchFor(target);
        for (const to of [address, GROUP]) socket.send(message, port, to, () => undefined);
      }
    };
    socket.bind({ address: hostAddress, port: localPort }, () => {
      try {
        socket.setMulticastInterface(hostAddress);
      } catch {
        // Then the kernel chooses one.
      }
      send();
      for (const after of [total / 4, total / 2]) timers.push(setTimeout(send, after));
    });
  });
}

function searchFor(target: string): Buffer {
  const lines = [
    'M-SEARCH * HTTP/1.1',
    `HOST: ${GROUP}:${PORT}`,
    'MAN: "ssdp:discover"',
    'MX: 1',
    `ST: ${target}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

/** Pure: the LOCATION of an answer, where it is a page of the gateway's own. */
export function locationIn(answer: Buffer, gateway: string): URL | undefined {
  if (answer.length > MOST) return undefined;
  const [status = '', ...headers] = answer.toString('latin1').split(/\r?\n/);
  if (!/^HTTP\/1\.[01] 200(?: |$)/.test(status)) return undefined;
  const header = headers.find((line) => /^location:/i.test(line));
  const text = header?.slice('location:'.length).trim() ?? '';
  return text.length > LONGEST ? undefined : pageOf(text, gateway);
}

/** Pure: an address, where it is a page of the gateway's own. `base`: what it is relative to. */
export function pageOf(text: string, gateway: string, base?: URL): URL | undefined {
  if (!/^[\x21-\x7e]+$/.test(text)) return undefined;
  try {
    const url = new URL(text, base);
    const isOurs =
      url.protocol === 'http:' &&
      url.hostname === gateway &&
      url.port !== '0' &&
      url.username === '' &&
      url.password === '';
    return isOurs ? url : undefined;
  } catch {
    return undefined;
  }
}
