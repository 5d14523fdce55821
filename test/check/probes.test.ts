import { createHash } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import type { ProbeContext } from '../../src/check/probe.ts';
import { probe as http } from '../../src/check/probes/http.ts';
import { probe as tcp } from '../../src/check/probes/tcp.ts';
import { ForwardError, type ForwardFailure } from '../../src/connect/connection.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A context over a real socket; also tells whether the probe left it open. */
function context(port: number, timeoutMs = 2000): ProbeContext & { readonly opened: Duplex[] } {
  const opened: Duplex[] = [];
  const open = (): Promise<Duplex> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      opened.push(socket);
      socket.once('connect', () => resolve(socket));
      socket.once('error', () => reject(new ForwardError('refused', 'refused')));
    });
  return { open, address: '127.0.0.1', port, timeoutMs, opened };
}

const page = '<!doctype html><title>Attic</title>hello';
const sha256 = createHash('sha256').update(page).digest('hex');
const web = () =>
  createHttpServer((request, response) => {
    if (request.headers.host?.startsWith('blog.example.org')) response.end(page);
    else if (request.url === '/moved') response.writeHead(301, { location: 'https://elsewhere/' }).end();
    else response.end('<title>Router \u001b[31m login</title>');
  });

/** A server that says something of its own as soon as it is connected to. */
const saying = (speak: (socket: Socket) => void) =>
  createServer((socket) => socket.once('data', () => speak(socket)));
const run = (ctx: ProbeContext, settings: object = {}) => http.run(ctx, http.settings.parse(settings));

describe('the tcp probe', () => {
  it('is content with an open port and closes it', async () => {
    const ctx = context(await listen(createServer()));
    expect(await tcp.run(ctx, {})).toMatchObject({
      ok: true,
      connected: true,
      steps: [{ name: 'tcp', ok: true }],
    });
    expect(ctx.opened[0]?.destroyed).toBe(true);
  });

  it.each<[ForwardFailure, string]>([
    ['refused', 'refused'],
    ['timeout', 'timeout'],
    ['unreachable', 'no-route'],
    ['prohibited', 'forwarding-prohibited'],
    ['failed', 'probe-failed'],
  ])('names %s as %s', async (reason, cause) => {
    const open = () => Promise.reject(new ForwardError(reason, 'the words of it'));
    const outcome = await tcp.run({ open, address: '192.0.2.1', port: 80, timeoutMs: 100 }, {});
    expect(outcome).toMatchObject({
      ok: false,
      connected: false,
      cause,
      steps: [{ name: 'tcp', ok: false }],
    });
  });
});

describe('the http probe', () => {
  it('proves the right page by name, though it connects to the address', async () => {
    const ctx = context(await listen(web()));
    const outcome = await run(ctx, { hostname: 'blog.example.org', sha256 });
    expect(outcome).toMatchObject({ ok: true, connected: true });
    expect(outcome.steps.map(({ name, ok }) => [name, ok])).toEqual([
      ['tcp', true],
      ['http', true],
      ['content', true],
    ]);
    expect(ctx.opened.every((stream) => stream.destroyed)).toBe(true);
  });

  it('tells another page, by its title and without its control characters', async () => {
    const outcome = await run(context(await listen(web())), { sha256 });
    expect(outcome).toMatchObject({ ok: false, cause: 'wrong-content' });
    expect(outcome.steps.at(-1)?.detail).toBe('another page than expected: "Router [31m login"');
  });

  it('looks for a text', async () => {
    const port = await listen(web());
    const settings = { hostname: 'blog.example.org' };
    expect(await run(context(port), { ...settings, contains: 'hello' })).toMatchObject({ ok: true });
    expect(await run(context(port), { ...settings, contains: 'bye' })).toMatchObject({
      cause: 'wrong-content',
    });
  });

  it('tells another status, and where a redirect leads', async () => {
    const outcome = await run(context(await listen(web())), { path: '/moved' });
    expect(outcome).toMatchObject({ ok: false, cause: 'wrong-status' });
    expect(outcome.steps.at(-1)?.detail).toBe('HTTP 301 to https://elsewhere/, expected 200');
  });

  it.each<[string, string, (socket: Socket) => void]>([
    ['no answer', 'no-answer', () => undefined],
    ['a header that never ends', 'no-answer', (socket) => drip(socket, 'HTTP/1.1 200 OK\r\n', 'X: y\r\n')],
    ['a body that trickles', 'no-answer', (socket) => drip(socket, 'HTTP/1.1 200 OK\r\n\r\n', '.')],
    ['another protocol', 'not-http', (socket) => socket.end('220 ftp.example.org ready\r\n')],
    ['binary noise', 'not-http', (socket) => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 0x50]))],
    ['a hang-up', 'closed-early', (socket) => socket.end()],
    ['a reset', 'closed-early', (socket) => socket.resetAndDestroy()],
    [
      'half a body',
      'closed-early',
      (socket) =>
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf', () => socket.resetAndDestroy()),
    ],
    ['an endless body', 'endless-answer', (socket) => flood(socket)],
    ['endless headers', 'not-http', (socket) => flood(socket, 'HTTP/1.1 200 OK\r\nX: ')],
  ])('survives %s: %s', async (_, cause, speak) => {
    const ctx = context(await listen(saying(speak)), 400);
    const started = performance.now();
    const outcome = await run(ctx, { sha256 });
    expect(outcome).toMatchObject({ ok: false, connected: true, cause });
    expect(performance.now() - started).toBeLessThan(1500);
    expect(ctx.opened.every((stream) => stream.destroyed)).toBe(true);
  });

  it('refuses settings that would break out of the request', () => {
    expect(http.settings.safeParse({ path: '/ HTTP/1.1\r\nX: y' }).success).toBe(false);
    expect(http.settings.safeParse({ hostname: 'a\r\nX: y' }).success).toBe(false);
    expect(http.settings.safeParse({ unknown: 1 }).success).toBe(false);
  });
});

function drip(socket: Socket, first: string, then: string): void {
  socket.write(first);
  const timer = setInterval(() => socket.write(then), 20);
  socket.once('close', () => clearInterval(timer));
}

function flood(socket: Socket, head = 'HTTP/1.1 200 OK\r\n\r\n'): void {
  socket.write(head);
  const chunk = Buffer.alloc(64 * 1024, 'x');
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}
