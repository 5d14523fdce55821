import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import type { ProbeContext } from '../../src/check/probe.ts';
import { probe as grpc } from '../../src/check/probes/grpc.ts';
import { probe as http } from '../../src/check/probes/http.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function contextOf(server: Server): Promise<ProbeContext> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const open = (): Promise<Duplex> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(socket));
    });
  return { open, address: '127.0.0.1', port, timeoutMs: 2000 };
}

describe('an application behind a proxy', () => {
  const asked = async (status: number, settings: object) =>
    http.run(
      await contextOf(createHttpServer((_, response) => response.writeHead(status).end())),
      http.settings.parse({ proxied: true, ...settings }),
    );

  it.each([
    [200, { status: 'any' }, { ok: true }],
    [302, { status: 'any' }, { ok: true }],
    [404, { status: 'any' }, { ok: true }],
    [403, { status: 'any' }, { ok: false, cause: 'wrong-status' }],
    [403, { status: 'any', mayRefuse: true }, { ok: true, turnedAway: true }],
    [500, { status: 'any' }, { ok: false, cause: 'wrong-status' }],
    [502, { status: 'any' }, { ok: false, cause: 'upstream-down' }],
    [504, { status: 204 }, { ok: false, cause: 'upstream-down' }],
    [502, { status: 'any', proxied: false }, { ok: false, cause: 'wrong-status' }],
  ])('that answers %i', async (status, settings, outcome) => {
    expect(await asked(status, settings)).toMatchObject(outcome);
  });
});

describe('the grpc probe', () => {
  const asked = async (status: number, type: string, settings: object = {}) => {
    const server = createHttp2Server().on('stream', (stream) => {
      stream.respond({ ':status': status, 'content-type': type });
      stream.end();
    });
    return grpc.run(await contextOf(server), grpc.settings.parse(settings));
  };

  it.each([
    [200, 'application/grpc', {}, { ok: true }],
    [200, 'text/html', {}, { ok: false, cause: 'wrong-status' }],
    [502, 'text/html', {}, { ok: false, cause: 'upstream-down' }],
    [401, 'text/html', { asked: true }, { ok: true }],
    [200, 'application/grpc', { asked: true }, { ok: false, cause: 'wrong-status' }],
    [403, 'text/html', { mayRefuse: true }, { ok: true, turnedAway: true }],
  ])('takes %i %s', async (status, type, settings, outcome) => {
    expect(await asked(status, type, settings)).toMatchObject(outcome);
  });

  it('tells HTTP/1.1 from HTTP/2', async () => {
    const context = await contextOf(createHttpServer((_, response) => response.end()));
    expect(await grpc.run(context, grpc.settings.parse({}))).toMatchObject({ ok: false, cause: 'not-http' });
  });
});
