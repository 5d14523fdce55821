import { connect, createServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { probe as ftp } from '../../src/check/probes/ftp.ts';
import { hereVantage } from '../../src/check/vantages/here.ts';
import { type Authority, authority, type Pair } from './authority.ts';

let ours: Authority;
beforeAll(() => {
  ours = authority();
});
afterAll(() => ours.remove());

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

function answer(stream: Duplex): void {
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => {
    for (const line of String(chunk).split('\r\n').slice(0, -1))
      stream.write(line.startsWith('USER') ? '530 no\r\n' : '200 yes\r\n');
  });
}

/** An FTP server that goes over to TLS when it is asked to: from then on another one has the connection. */
async function serve(pair: Pair): Promise<number> {
  const behind = await listen(createTls(pair, answer));
  return listen(
    createServer((plain) => {
      plain.on('error', () => undefined);
      plain.write('220 hi\r\n');
      const hear = (chunk: Buffer): void => {
        if (!String(chunk).startsWith('AUTH')) {
          plain.write('530 no\r\n');
          return;
        }
        plain.off('data', hear);
        const relay = connect(behind, '127.0.0.1');
        relay.on('error', () => undefined);
        relay.pipe(plain).pipe(relay);
        plain.write('234 go on\r\n');
      };
      plain.on('data', hear);
    }),
  );
}

async function prove(pair: Pair, tls?: object) {
  const port = await serve(pair);
  const open = () => hereVantage().open('127.0.0.1', port, 1000);
  const settings = ftp.settings.parse(tls === undefined ? {} : { tls });
  return ftp.run({ open, address: '127.0.0.1', port, timeoutMs: 2000 }, settings);
}

it('a service that begins TLS in its own protocol shows its certificate as a web server does', async () => {
  const tls = { trust: 'authority', root: ours.root, name: 'files.test' };
  const good = await prove(ours.issue(['files.test']), tls);
  expect(good).toMatchObject({ ok: true });
  expect(good.steps.at(-1)).toEqual({
    name: 'certificate',
    ok: true,
    detail: 'by Test-Root; 89 days left',
  });
  const wrong = await prove(ours.issue(['other.test']), tls);
  expect(wrong).toMatchObject({ ok: false, connected: true, cause: 'tls-wrong-name' });
  const unknown = await prove(ours.issue(['files.test']), { trust: 'authority', name: 'files.test' });
  expect(unknown).toMatchObject({ ok: false, cause: 'tls-untrusted' });
});

it('is not looked at where nothing is said of it', async () => {
  const outcome = await prove(ours.issue(['other.test']));
  expect(outcome.steps.map(({ name }) => name)).toEqual(['tcp', 'ftp', 'plain text', 'tls']);
});
