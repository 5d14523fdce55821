import { type UdpServer, udpServer } from './udp.ts';

/** An answer to a search, or what somebody makes of one. */
export function ssdpAnswer(location: string): Buffer {
  const lines = [
    'HTTP/1.1 200 OK',
    'CACHE-CONTROL: max-age=120',
    'ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1',
    `LOCATION: ${location}`,
    'EXT:',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

/** Answers searches with all of these. */
export const ssdpServer = (answers: readonly Buffer[]): Promise<UdpServer> =>
  udpServer((message) => (message.includes('ssdp:discover') ? answers : []));
