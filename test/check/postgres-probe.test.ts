import { execFileSync } from 'node:child_process';
import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { probe } from '../../src/check/probes/postgres.ts';
import { hereVantage } from '../../src/check/vantages/here.ts';

/** What a server does with a login. */
type Login = (stream: Duplex) => void;

/** A message of the server: its letter, its length, its body. */
function message(type: string, body: Buffer | string): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
}

function authentication(method: number, rest = ''): Login {
  const body = Buffer.alloc(4);
  body.writeInt32BE(method, 0);
  return (stream) => stream.write(message('R', Buffer.concat([body, Buffer.from(rest)])));
}

const error =
  (code: string, text: string): Login =>
  (stream) =>
    stream.end(message('E', `SFATAL\0C${code}\0M${text}\0\0`));

const SCRAM = authentication(10, 'SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0');
const NO_RULE = error('28000', 'no pg_hba.conf entry for host "192.168.1.30", no encryption');

let secure: SecureContext;
let stop: (() => void) | undefined;
beforeAll(() => {
  const words =
    'req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=attic -keyout - -out -';
  const pem = execFileSync('openssl', words.split(' '), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  secure = createSecureContext({ key: pem, cert: pem });
});
afterEach(() => stop?.());

interface Server {
  /** What it says to the wish for TLS; with `S` it then speaks it. */
  readonly tls?: string;
  readonly overTls?: Login;
  readonly plain?: Login;
}

/** A server that can be talked to as PostgreSQL is; `asked` are the users and databases of the logins. */
async function serve({ tls = 'S', overTls = SCRAM, plain = NO_RULE }: Server) {
  const asked: string[] = [];
  const login = (stream: Duplex, behave: Login): void => {
    stream.on('error', () => undefined);
    stream.once('data', (chunk: Buffer) => {
      asked.push(chunk.subarray(8).toString().split('\0').slice(0, 4).join(' '));
      behave(stream);
    });
  };
  const server = createServer((stream: Socket) => {
    stream.on('error', () => undefined);
    stream.once('data', (chunk) => {
      if (chunk.readInt32BE(4) === 196_608) {
        stream.unshift(chunk);
        return login(stream, plain);
      }
      stream.write(tls);
      if (tls === 'S') login(new TLSSocket(stream, { isServer: true, secureContext: secure }), overTls);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stop = () => server.close();
  const address = server.address();
  return { port: typeof address === 'object' && address ? address.port : 0, asked };
}

async function check(server: Server, wanted: object = {}) {
  const { port, asked } = await serve(server);
  const opened: Duplex[] = [];
  const open = async () => {
    const stream = await hereVantage().open('127.0.0.1', port, 1000);
    opened.push(stream);
    return stream;
  };
  const settings = probe.settings.parse({ user: 'anna', database: 'blog', refusesPlain: true, ...wanted });
  // As from another machine: of the loopback less is asked.
  const outcome = await probe.run({ open, address: '192.168.1.20', port, timeoutMs: 500 }, settings);
  expect(opened.every(({ destroyed }) => destroyed)).toBe(true);
  return { outcome, asked };
}

it('goes as far as the question for a password, and sees that there is no way without TLS', async () => {
  const { outcome, asked } = await check({});
  expect(outcome.steps.map(({ name, detail }) => `${name}: ${detail}`).slice(1)).toEqual([
    'tls: TLSv1.3',
    'login: asks for a password by SCRAM-SHA-256',
    'plain text: refused',
  ]);
  expect(outcome).toMatchObject({ ok: true, connected: true });
  expect(asked).toEqual(['user anna database blog', 'user anna database blog']);
});

it('does not try to go without TLS where nobody minds', async () => {
  const { outcome, asked } = await check({ plain: SCRAM }, { refusesPlain: false });
  expect([outcome.ok, asked.length]).toEqual([true, 1]);
});

it.each<[string, Server, string]>([
  ['has no TLS', { tls: 'N' }, 'no-tls'],
  ['is something else', { tls: '2' }, 'not-postgres'],
  ['says nothing over TLS', { overTls: () => undefined }, 'no-answer'],
  ['hangs up over TLS', { overTls: (stream) => stream.end() }, 'closed-early'],
  [
    'talks nonsense over TLS',
    { overTls: (stream) => stream.end('HTTP/1.1 400 Bad Request\r\n\r\n') },
    'not-postgres',
  ],
  ['breaks off in its answer', { overTls: (stream) => stream.end('R\0\0\0\x20') }, 'closed-early'],
  ['asks for no password', { overTls: authentication(0) }, 'lets-anybody-in'],
  ['asks for the password itself', { overTls: authentication(3) }, 'weak-login'],
  ['asks for a password by MD5', { overTls: authentication(5, 'salt') }, 'weak-login'],
  ['knows another SASL only', { overTls: authentication(10, 'OAUTHBEARER\0\0') }, 'weak-login'],
  ['has no rule for this machine', { overTls: NO_RULE }, 'turned-away'],
  ['lets people log in in the clear', { plain: SCRAM }, 'plain-text'],
  ['lets everybody in in the clear', { plain: authentication(0) }, 'plain-text'],
  ['takes no more connections', { plain: error('53300', 'sorry, too many clients already') }, 'turned-away'],
])('tells of a server that %s', async (_, server, cause) => {
  const { outcome } = await check(server);
  expect(outcome).toMatchObject({ ok: false, connected: true, cause });
  expect(outcome.steps.at(-1)).toMatchObject({ name: 'postgres', ok: false });
});

it('shows what the server says on one line, whatever is in it', async () => {
  const { outcome } = await check({ overTls: error('28000', `a\n\u001b[31mb${'x'.repeat(500)}`) });
  const { detail } = outcome.steps.at(-1) ?? {};
  expect(detail).toMatch(/^a \[31mbx+ \(28000\)$/);
  expect(detail?.length).toBeLessThan(250);
});

it('refuses names that would be more than a name', () => {
  expect(probe.settings.safeParse({ user: 'anna\0database\0x' }).success).toBe(false);
});
