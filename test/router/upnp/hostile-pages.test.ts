import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { igd } from '../../../src/router/upnp/igd.ts';
import { description, type HttpServer, httpServer, igdServer, soapDone } from '../support/igd.ts';
import { ssdpAnswer, ssdpServer } from '../support/ssdp.ts';
import { ELSEWHERE, GATEWAY, udpServer } from '../support/udp.ts';

const MAPPING = { protocol: 'tcp', port: 8080, externalPort: 80 } as const;
/** Milliseconds: what finding a router may take, with some for a busy machine. */
const FIND = 700;
const SLACK = 800;

describe('a hostile device that answers as a router', () => {
  const open: { close(): void }[] = [];
  afterEach(() => {
    for (const one of open.splice(0)) one.close();
  });

  async function find(locations: readonly string[]) {
    const ssdp = await ssdpServer(locations.map((location) => ssdpAnswer(location)));
    open.push(ssdp);
    const manner = { search: 300, find: FIND, request: 300, lease: 45, ssdpPort: ssdp.port };
    const began = performance.now();
    const router = await igd(GATEWAY, manner);
    expect(performance.now() - began).toBeLessThan(FIND + SLACK);
    return router;
  }
  /** A machine elsewhere that would answer as a good router. */
  async function elsewhere(): Promise<HttpServer> {
    const server = await httpServer((answer, { action }) => {
      answer.end(action === '' ? description() : soapDone(action, { NewExternalIPAddress: '203.0.113.66' }));
    }, ELSEWHERE);
    open.push(server);
    return server;
  }
  /** Bytes as they are, for each connection. */
  async function raw(serve: (socket: Socket) => void): Promise<string> {
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('data', () => serve(socket));
    });
    server.listen(0, GATEWAY.address);
    await once(server, 'listening');
    open.push({
      close() {
        server.close();
        for (const socket of sockets) socket.destroy();
      },
    });
    return `http://${GATEWAY.address}:${(server.address() as AddressInfo).port}/description.xml`;
  }
  const page = (text: string): string =>
    `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;

  it('has nothing fetched from elsewhere by its answer to the search', async () => {
    const { port, requests } = await elsewhere();
    const path = `${port}/description.xml`;
    const locations = [
      `http://${ELSEWHERE}:${path}`,
      `http://${GATEWAY.address}@${ELSEWHERE}:${path}`,
      `http://${ELSEWHERE}:${path}#${GATEWAY.address}`,
      `http://${ELSEWHERE}\\@${GATEWAY.address}:${path}`,
      `http:\\\\${ELSEWHERE}:${path}`,
      `//${ELSEWHERE}:${path}`,
      `https://${GATEWAY.address}:${path}`,
      `file:///etc/hostname`,
      `http://localhost:${path}`,
      `http://[::ffff:127.0.0.4]:${path}`,
      `http://2130706436:${path}`,
      `http://${GATEWAY.address}.example.org:${path}`,
      `http://${GATEWAY.address}:0/description.xml`,
      `http://${GATEWAY.address}:99999/description.xml`,
      `http://${GATEWAY.address}:${port}/${'x'.repeat(600)}`,
    ];
    expect(await find(locations)).toBeUndefined();
    expect(requests).toEqual([]);
  });

  it('is not heard when it is not the gateway', async () => {
    const server = await igdServer();
    const other = await udpServer(() => [], { address: ELSEWHERE });
    const answer = ssdpAnswer(`http://${GATEWAY.address}:${server.port}/description.xml`);
    let answers = 0;
    // The gateway is asked, and the other one answers in its place.
    const gateway = await udpServer((_, from) => {
      answers += 1;
      other.send(answer, from);
      return [];
    });
    open.push(server, other, gateway);
    const manner = { search: 300, find: FIND, request: 300, lease: 45, ssdpPort: gateway.port };
    expect(await igd(GATEWAY, manner)).toBeUndefined();
    expect(answers).toBeGreaterThan(0);
    expect(server.requests).toEqual([]);
  });

  it('sends nobody on by a redirect', async () => {
    const { port, requests } = await elsewhere();
    const server = await httpServer((answer) => {
      answer.writeHead(302, { Location: `http://${ELSEWHERE}:${port}/` }).end(description());
    });
    open.push(server);
    expect(await find([`http://${GATEWAY.address}:${server.port}/`])).toBeUndefined();
    expect(requests).toEqual([]);
  });

  it('has nothing controlled elsewhere', async () => {
    const { port, requests } = await elsewhere();
    const there = `http://${ELSEWHERE}:${port}`;
    const pages = [
      description({ control: `${there}/control` }),
      description({ control: `//${ELSEWHERE}:${port}/control` }),
      description({ control: `\\\\${ELSEWHERE}:${port}/control` }),
      description({ base: there }),
      description({ base: `${there}/`, control: 'control' }),
      description({ base: `http://${GATEWAY.address}@${ELSEWHERE}:${port}/` }),
    ];
    for (const text of pages) {
      const server = await httpServer((answer) => void answer.end(text));
      open.push(server);
      expect(await find([`http://${GATEWAY.address}:${server.port}/`])).toBeUndefined();
    }
    expect(requests).toEqual([]);
  });

  it('has no mapping made elsewhere by a redirect of its control', async () => {
    const { port, requests } = await elsewhere();
    const server = await httpServer((answer, { action }) => {
      if (action === '') answer.end(description());
      else if (action === 'GetExternalIPAddress')
        answer.end(soapDone(action, { NewExternalIPAddress: '203.0.113.9' }));
      else answer.writeHead(307, { Location: `http://${ELSEWHERE}:${port}/control` }).end();
    });
    open.push(server);
    const router = await find([`http://${GATEWAY.address}:${server.port}/`]);
    expect(await router?.map(MAPPING, 45)).toMatchObject({ is: 'silent' });
    expect(await router?.unmap(MAPPING)).toBe('silent');
    expect(requests).toEqual([]);
  });

  const head = 'HTTP/1.1 200 OK\r\n';
  const forever = (socket: Socket, part: string, each = 1): void => {
    const send = (): void => {
      if (socket.destroyed) return;
      socket.write(part, () => setTimeout(send, each));
    };
    send();
  };
  const laughs = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join(
    '',
  );
  it.each<[string, (socket: Socket) => void]>([
    [
      'an endless body',
      (socket) => {
        socket.write(`${head}\r\n`);
        forever(socket, 'x'.repeat(16_384));
      },
    ],
    [
      'a body that trickles',
      (socket) => {
        socket.write(`${head}Content-Length: 5000\r\n\r\n`);
        forever(socket, '<', 20);
      },
    ],
    ['a body cut short', (socket) => void socket.end(`${head}Content-Length: 5000\r\n\r\n${description()}`)],
    [
      'endless headers',
      (socket) => {
        socket.write(head);
        forever(socket, `X-Header: ${'x'.repeat(1000)}\r\n`);
      },
    ],
    [
      'headers that trickle',
      (socket) => {
        socket.write(head);
        forever(socket, 'X', 20);
      },
    ],
    ['endless news that it goes on', (socket) => forever(socket, 'HTTP/1.1 100 Continue\r\n\r\n')],
    [
      'an upgrade',
      (socket) => void socket.write('HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
    ],
    ['no HTTP', (socket) => void socket.end(`${description()}`)],
    ['nothing', () => undefined],
    ['the end', (socket) => void socket.end()],
    ['an error', (socket) => void socket.end(`HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n`)],
    ['a deep document', (socket) => void socket.end(page(`${'<a>'.repeat(30_000)}`))],
    ['a wide document', (socket) => void socket.end(page(`<a>${'<b/>'.repeat(50_000)}</a>`))],
    [
      'many attributes',
      (socket) =>
        void socket.end(page(`<a ${Array.from({ length: 15_000 }, (_, n) => `a${n}="1"`).join(' ')}/>`)),
    ],
    [
      'a billion laughs',
      (socket) =>
        void socket.end(
          page(
            `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "ha">${laughs}]><root>&l9;${description().slice(22)}</root>`,
          ),
        ),
    ],
    [
      'a file of ours',
      (socket) =>
        void socket.end(page(`<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><root>&x;</root>`)),
    ],
  ])('gets nothing by %s', async (_, serve) => {
    const location = await raw(serve);
    const used = process.memoryUsage().rss;
    expect(await find([location])).toBeUndefined();
    expect(process.memoryUsage().rss - used).toBeLessThan(100 * 1024 * 1024);
  });

  it('ends in time with many slow places', async () => {
    const locations = await Promise.all(Array.from({ length: 4 }, () => raw(() => undefined)));
    expect(await find(locations)).toBeUndefined();
  });
});
