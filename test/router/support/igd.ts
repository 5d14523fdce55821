import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { GATEWAY } from './udp.ts';

export const SERVICE = 'urn:schemas-upnp-org:service:WANIPConnection:1';

export interface HttpServer {
  readonly port: number;
  readonly requests: { readonly url: string; readonly action: string; readonly body: string }[];
  close(): void;
}

/** A server of one's own behaviour. */
export async function httpServer(
  handle: (answer: ServerResponse, seen: HttpServer['requests'][number], request: IncomingMessage) => void,
  address = GATEWAY.address,
): Promise<HttpServer> {
  const requests: HttpServer['requests'] = [];
  const server = createServer(async (request, answer) => {
    answer.on('error', () => undefined);
    const action = `${request.headers.soapaction ?? ''}`.replaceAll('"', '').split('#')[1] ?? '';
    const seen = { url: request.url ?? '', action, body: await text(request).catch(() => '') };
    requests.push(seen);
    handle(answer, seen, request);
  });
  server.listen(0, address);
  await once(server, 'listening');
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { port: (server.address() as AddressInfo).port, requests, close };
}

export function description({ control = '/control', base = '', type = SERVICE } = {}): string {
  return `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">${base === '' ? '' : `<URLBase>${base}</URLBase>`}<device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><deviceList><device><serviceList>
<service><serviceType>urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1</serviceType><controlURL>/no</controlURL></service>
<service><serviceType>${type}</serviceType><controlURL>${control}</controlURL></service>
</serviceList></device></deviceList></device></root>`;
}

export function soapDone(action: string, values: Readonly<Record<string, string | number>>): string {
  const inside = Object.entries(values).map(([name, value]) => `<${name}>${value}</${name}>`);
  return `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><u:${action}Response xmlns:u="${SERVICE}">${inside.join('')}</u:${action}Response></s:Body></s:Envelope>`;
}

export function soapError(code: number, words = 'No'): string {
  return `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>${code}</errorCode><errorDescription>${words}</errorDescription></UPnPError></detail></s:Fault></s:Body></s:Envelope>`;
}

interface Entry {
  client: string;
  port: string;
  lease: string;
}

/** What a router does with an action: a number is an error of UPnP. */
export type Behaviour = (action: string, body: string) => string | number | undefined;

/** A router that keeps mappings; `behave` comes first. */
export function igdServer(
  behave: Behaviour = () => undefined,
  page = description(),
): Promise<HttpServer & { entries: Map<string, Entry> }> {
  const entries = new Map<string, Entry>();
  const value = (body: string, name: string) => new RegExp(`<${name}>([^<]*)</`).exec(body)?.[1] ?? '';
  const act: Behaviour = (action, body) => {
    const key = `${value(body, 'NewExternalPort')}/${value(body, 'NewProtocol')}`;
    const entry = entries.get(key);
    switch (action) {
      case 'GetExternalIPAddress':
        return soapDone(action, { NewExternalIPAddress: '203.0.113.9' });
      case 'GetSpecificPortMappingEntry':
        return entry
          ? soapDone(action, {
              NewInternalPort: entry.port,
              NewInternalClient: entry.client,
              NewEnabled: 1,
              NewPortMappingDescription: 'x',
              NewLeaseDuration: entry.lease,
            })
          : 714;
      case 'AddPortMapping':
        entries.set(key, {
          client: value(body, 'NewInternalClient'),
          port: value(body, 'NewInternalPort'),
          lease: value(body, 'NewLeaseDuration'),
        });
        return soapDone(action, {});
      case 'DeletePortMapping':
        return entries.delete(key) ? soapDone(action, {}) : 714;
      default:
        return 401;
    }
  };
  return httpServer((answer, { url, action, body }) => {
    if (url === '/description.xml') return void answer.end(page);
    const said = url === '/control' ? (behave(action, body) ?? act(action, body) ?? 501) : 501;
    if (typeof said === 'string') answer.end(said);
    else answer.writeHead(500).end(soapError(said));
  }).then((server) => ({ ...server, entries }));
}
