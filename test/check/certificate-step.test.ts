import { createServer } from 'node:https';
import { connect, createServer as createPlain, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTls, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { certificateStep, trustedRoots } from '../../src/check/certificate-step.ts';
import { tryOldTls } from '../../src/check/old-tls.ts';
import type { ProbeContext } from '../../src/check/probe.ts';
import { probe as http } from '../../src/check/probes/http.ts';
import { type Authority, authority, type Pair } from './authority.ts';

const DAY_MS = 86_400_000;
let ours: Authority;
let other: Authority;
beforeAll(() => {
  [ours, other] = [authority(), authority()];
});
afterAll(() => {
  ours.remove();
  other.remove();
});

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

async function portOf(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

async function contextFor(pair: Pair): Promise<ProbeContext> {
  const port = await portOf(createServer(pair, (_, response) => response.end('hello')));
  const open = () => Promise.resolve(connect(port, '127.0.0.1'));
  return { open, address: '127.0.0.1', port, timeoutMs: 2000 };
}

const settings = (tls: object) => http.settings.parse({ hostname: 'blog.test', tls });
const AUTHORITY = { trust: 'authority', name: 'blog.test' } as const;

describe('https with a certificate of an authority', () => {
  it('is proven up to the page, and tells by whom, how long, and that old versions are refused', async () => {
    const context = await contextFor(ours.issue(['blog.test', 'www.blog.test']));
    const outcome = await http.run(context, settings({ ...AUTHORITY, root: ours.root }));
    expect(outcome).toMatchObject({
      ok: true,
      steps: [
        { name: 'tcp' },
        { name: 'tls', detail: 'TLSv1.3' },
        { name: 'certificate', detail: 'by Test-Root; 89 days left' },
        { name: 'http' },
        { name: 'old tls', detail: 'TLS 1.1 and 1.0 are refused' },
      ],
    });
    const known = await http.run({ ...context, roots: [ours.root] }, settings(AUTHORITY));
    expect(known.ok).toBe(true);
  });

  it.each<[string, () => Pair, string, RegExp]>([
    [
      'another authority',
      () => other.issue(['blog.test']),
      'tls-untrusted',
      /by Test-Root, which is not known/,
    ],
    [
      'another name',
      () => ours.issue(['shop.test']),
      'tls-wrong-name',
      /is for shop.test, not for blog.test/,
    ],
  ])('is refused with %s', async (_, pair, cause, detail) => {
    const outcome = await http.run(await contextFor(pair()), settings({ ...AUTHORITY, root: ours.root }));
    expect(outcome).toMatchObject({ ok: false, connected: true, cause });
    expect(outcome.steps.at(-1)).toMatchObject({ name: 'certificate', ok: false });
    expect(outcome.steps.at(-1)?.detail).toMatch(detail);
  });

  it('is not looked at where somebody is to be kept out', async () => {
    const context = await contextFor(other.issue(['shop.test']));
    const outcome = await http.run({ ...context, anyCertificate: true }, settings(AUTHORITY));
    expect(outcome).toMatchObject({ ok: true, steps: [{}, {}, { name: 'http' }] });
  });

  it('warns when it is about to expire, by the length of its life', async () => {
    const [long, short] = [ours.issue(['blog.test'], 90), ours.issue(['blog.test'], 6)];
    const inDays = async (days: number, pair = long) =>
      certificateStep(await shake(pair), { ...AUTHORITY, root: ours.root }, Date.now() + days * DAY_MS);
    expect((await inDays(79)).step.detail).toBe('by Test-Root; 10 days left');
    expect((await inDays(82)).step).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/^by.*WARNING: only 7 days/),
    });
    expect(await inDays(91)).toMatchObject({ cause: 'tls-expired' });
    expect(await inDays(-1)).toMatchObject({ cause: 'tls-not-yet-valid' });
    expect((await inDays(0, short)).step.detail).toBe('by Test-Root; 5 days left');
  });
});

it('takes a self-signed one that is for the name, and says that it is one', async () => {
  const context = await contextFor(other.issue(['blog.test']));
  const outcome = await http.run(context, settings({ trust: 'self-signed', name: 'blog.test' }));
  expect(outcome.steps[2]?.detail).toMatch(/^self-signed, as it is to be; 89 days left/);
  expect(outcome.ok).toBe(true);
  const wrong = await http.run(context, settings({ trust: 'self-signed', name: 'shop.test' }));
  expect(wrong).toMatchObject({ ok: false, cause: 'tls-wrong-name' });
});

it('tells who speaks TLS and will not do so for this name from who does not speak it', async () => {
  const server = createTls({
    ...ours.issue(['blog.test']),
    SNICallback: (_, done) => done(new Error('no such name')),
  });
  const port = await portOf(server.on('tlsClientError', () => undefined));
  const open = () => Promise.resolve(connect(port, '127.0.0.1'));
  const outcome = await http.run(
    { open, address: '127.0.0.1', port, timeoutMs: 2000 },
    settings({ ...AUTHORITY, root: ours.root }),
  );
  expect(outcome.ok).toBe(false);
  expect(['tls-handshake', 'no-tls']).toContain(outcome.cause);
});

describe('old versions of TLS', () => {
  const answered = async (answer: (socket: Socket) => void) => {
    const port = await portOf(createPlain((socket) => void socket.once('data', () => answer(socket))));
    const stream = connect(port, '127.0.0.1');
    cleanups.push(() => stream.destroy());
    return tryOldTls(stream, { name: 'blog.test', timeoutMs: 200 });
  };

  it('are agreed to by a server that has nothing against them', async () => {
    const server = createTls({
      ...ours.issue(['blog.test']),
      minVersion: 'TLSv1',
      ciphers: 'ALL:@SECLEVEL=0',
    });
    const stream = connect(await portOf(server), '127.0.0.1');
    cleanups.push(() => stream.destroy());
    expect(await tryOldTls(stream, { name: 'blog.test', timeoutMs: 1000 })).toBe('agreed');
  });

  it.each<[string, (socket: Socket) => void, string]>([
    ['an alert', (socket) => socket.write(Buffer.from('15030100020246', 'hex')), 'refused'],
    ['hanging up', (socket) => socket.end(), 'refused'],
    ['a reset', (socket) => socket.resetAndDestroy(), 'refused'],
    ['silence', () => undefined, 'silent'],
    ['noise', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n'), 'unknown'],
    ['half a record', (socket) => socket.write(Buffer.from('160302', 'hex')), 'silent'],
    ['TLS 1.2', (socket) => socket.write(Buffer.from('160303003102000000030303', 'hex')), 'unknown'],
  ])('by %s', async (_, answer, outcome) => {
    expect(await answered(answer)).toBe(outcome);
  });
});

async function shake(pair: Pair): Promise<TLSSocket> {
  const port = await portOf(createTls(pair));
  const ca = trustedRoots({ root: ours.root });
  const socket = connectTls({
    ...{ port, host: '127.0.0.1', servername: 'blog.test', rejectUnauthorized: false },
    ...(ca === undefined ? {} : { ca }),
  });
  cleanups.push(() => socket.destroy());
  await new Promise<void>((resolve) => socket.once('secureConnect', resolve));
  return socket;
}
