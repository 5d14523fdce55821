import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPlain } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer } from 'node:https';
import { connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import type { ProbeContext } from '../../src/check/probe.ts';
import { probe as grpc } from '../../src/check/probes/grpc.ts';
import { probe as http } from '../../src/check/probes/http.ts';
import { probe as quic } from '../../src/check/probes/quic.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

/** A key and a certificate that vouches for itself. */
function pair(): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'hostwright-tls-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ${key} -out ${cert} -days 2 -subj /CN=blog.test`.split(
      ' ',
    ),
    { stdio: 'ignore' },
  );
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

async function contextOf(server: Server): Promise<ProbeContext & { readonly opened: Duplex[] }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const opened: Duplex[] = [];
  const open = async (): Promise<Duplex> => {
    const socket = connect(port, '127.0.0.1');
    opened.push(socket);
    return socket;
  };
  return { open, address: '127.0.0.1', port, timeoutMs: 2000, opened };
}

describe('the http probe over TLS', () => {
  const settings = (more: object) => http.settings.parse({ hostname: 'blog.test', tls: true, ...more });

  it('proves the page, and asks for it by its name', async () => {
    const names: unknown[] = [];
    const server = createServer(
      {
        ...pair(),
        SNICallback: (name, done) => {
          names.push(name);
          done(null);
        },
      },
      (_, response) => response.end('hello'),
    );
    const context = await contextOf(server);
    const outcome = await http.run(context, settings({ contains: 'hello' }));
    expect(outcome.steps.map(({ name, ok }) => [name, ok])).toEqual([
      ['tcp', true],
      ['tls', true],
      ['http', true],
      ['content', true],
    ]);
    expect([names, context.opened.every((stream) => stream.destroyed)]).toEqual([['blog.test'], true]);
  });

  it('says so where there is none', async () => {
    const plain = createPlain((_, response) => response.end());
    expect(await http.run(await contextOf(plain), settings({}))).toMatchObject({
      ok: false,
      cause: 'no-tls',
    });
  });

  it('tells whether http leads where it should', async () => {
    const server = createPlain((_, response) =>
      response.writeHead(308, { location: 'https://blog.test/' }).end(),
    );
    const context = await contextOf(server);
    const led = (redirectsTo: string) => http.run(context, http.settings.parse({ redirectsTo }));
    expect(await led('https://blog.test/')).toMatchObject({ ok: true });
    expect(await led('https://other.test/')).toMatchObject({ ok: false, cause: 'not-redirected' });
  });
});

it('gRPC is proven over TLS too', async () => {
  const server = createSecureServer(pair());
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    stream.end();
  });
  const outcome = await grpc.run(
    await contextOf(server),
    grpc.settings.parse({ tls: true, hostname: 'blog.test' }),
  );
  expect(outcome).toMatchObject({ ok: true });
});

describe('the quic probe', () => {
  const ask = (answer: (datagram: Buffer) => Buffer) =>
    quic.run(
      {
        open: () => Promise.reject(new Error('by UDP')),
        exchange: async (datagram) => answer(datagram),
        address: '127.0.0.1',
        port: 443,
        timeoutMs: 500,
      },
      quic.settings.parse({}),
    );

  /** Version negotiation (RFC 8999 section 6): the ids the other way round, and versions 1 and 2. */
  function negotiated(datagram: Buffer): Buffer {
    const destination = datagram.subarray(6, 14);
    const source = datagram.subarray(15, 23);
    return Buffer.concat([
      Buffer.from([0x80, 0, 0, 0, 0, source.length]),
      source,
      Buffer.from([destination.length]),
      destination,
      Buffer.from('000000016b3343cf', 'hex'),
    ]);
  }

  it('is content with a server that says which versions it has', async () => {
    expect(await ask(negotiated)).toMatchObject({
      ok: true,
      steps: [{ name: 'udp' }, { detail: expect.stringContaining('2 versions') }],
    });
  });

  it.each<[string, (datagram: Buffer) => Buffer]>([
    ['nothing', () => Buffer.alloc(0)],
    ['its own words', (datagram) => datagram],
    ['noise', () => Buffer.alloc(1500, 0xa5)],
    ['another’s answer', (datagram) => negotiated(Buffer.from(datagram).reverse())],
    ['half an answer', (datagram) => negotiated(datagram).subarray(0, 20)],
  ])('does not take %s for one', async (_, answer) => {
    expect(await ask(answer)).toMatchObject({ ok: false, connected: true, cause: 'not-quic' });
  });
});
