import { execFileSync } from 'node:child_process';
import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseAnswer, parseGreeting } from '../../src/check/mariadb/handshake.ts';
import { NotThisProtocol, packet } from '../../src/check/mariadb/packets.ts';
import { probe } from '../../src/check/probes/mariadb.ts';
import { hereVantage } from '../../src/check/vantages/here.ts';

/** What a server answers to a login, whose number is given; it may go on later. */
type Login = (stream: Duplex, sequence: number) => void;

const SSL = 0x800;

/** The first packet of a server, as MariaDB sends it. */
function greeting({ version = '5.5.5-10.11.14-MariaDB-0+deb12u2', tls = true } = {}): Buffer {
  const tail = Buffer.from(
    '\x01\0\0\0saltsalt\0??-\x02\0??\x15\0\0\0\0\0\0\0\0\0\0saltsaltsalt\0plugin\0',
    'latin1',
  );
  tail.writeUInt16LE(0xfffe & (tls ? 0xffff : ~SSL & 0xffff), 13);
  return Buffer.concat([Buffer.from(`\x0a${version}\0`), tail]);
}

function error(code: number, text: string): Buffer {
  return Buffer.concat([Buffer.of(0xff, code % 256, code >> 8), Buffer.from(text)]);
}

const answering =
  (payload: Buffer): Login =>
  (stream, sequence) =>
    stream.write(packet({ sequence: sequence + 1, payload }));
const DENIED = answering(error(1045, "#28000Access denied for user 'hostwright-check'@'192.168.1.30'"));
const WELCOME = answering(Buffer.of(0, 0, 0, 2, 0, 0, 0));
const SWITCH = answering(Buffer.from('\xfemysql_native_password\0saltsaltsaltsaltsalt\0', 'latin1'));

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
  /** Bytes, with the head of their packet. */
  readonly first?: Buffer;
  /** Takes the place of TLS. */
  readonly insteadOfTls?: (stream: Socket) => void;
  readonly login?: Login;
  /** To what follows the login. */
  readonly next?: Login;
}

/** A server that can be talked to as MariaDB is; `seen` tells what came over TLS, and what in the clear. */
async function serve({ first, insteadOfTls, login = DENIED, next = DENIED }: Server) {
  const seen: string[] = [];
  const listen = (stream: Duplex, how: string): void => {
    let round = 0;
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => {
      const user = chunk.subarray(36).toString('latin1').split('\0')[0];
      seen.push(round === 0 ? `${how}: ${user}` : `${how}: ${chunk.length - 4} bytes`);
      (round === 0 ? login : next)(stream, chunk.readUInt8(3));
      round += 1;
    });
  };
  const server = createServer((stream: Socket) => {
    stream.on('error', () => undefined);
    stream.write(first ?? packet({ sequence: 0, payload: greeting() }));
    stream.once('data', (chunk: Buffer) => {
      const wantsTls = chunk.length >= 36 && (chunk.readUInt32LE(4) & SSL) !== 0;
      // TLS may begin in the same breath.
      if (wantsTls && chunk.length > 36) stream.pause().unshift(chunk.subarray(36));
      if (wantsTls && insteadOfTls) return insteadOfTls(stream);
      if (wantsTls) return listen(new TLSSocket(stream, { isServer: true, secureContext: secure }), 'tls');
      stream.unshift(chunk);
      listen(stream, 'plain');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stop = () => server.close();
  const address = server.address();
  return { port: typeof address === 'object' && address ? address.port : 0, seen };
}

async function check(server: Server, wanted: object = {}, timeoutMs = 5000) {
  const { port, seen } = await serve(server);
  const opened: Duplex[] = [];
  const open = async () => {
    const stream = await hereVantage().open('127.0.0.1', port, 1000);
    opened.push(stream);
    return stream;
  };
  const outcome = await probe.run(
    { open, address: '127.0.0.1', port, timeoutMs },
    probe.settings.parse(wanted),
  );
  stop?.();
  expect(opened.every(({ destroyed }) => destroyed)).toBe(true);
  return { outcome, seen };
}

describe('the MariaDB probe', () => {
  it('goes on with TLS, and is content when a stranger is refused', async () => {
    const { outcome, seen } = await check({});
    expect(outcome).toMatchObject({ ok: true, connected: true });
    expect(outcome.steps.map(({ name, detail }) => `${name}: ${detail}`).slice(1)).toEqual([
      'mariadb: 10.11.14-MariaDB-0+deb12u2',
      'tls: TLSv1.3',
      'login: a stranger without a password is refused',
    ]);
    expect(seen).toEqual(['tls: hostwright-check']);
  });

  it('has no password in whatever form it is wanted', async () => {
    const { outcome, seen } = await check({ login: SWITCH });
    expect([outcome.ok, seen]).toEqual([true, ['tls: hostwright-check', 'tls: 0 bytes']]);
  });

  it('goes without TLS where nobody minds', async () => {
    const first = packet({ sequence: 0, payload: greeting({ tls: false }) });
    expect((await check({ first }, { tls: false })).outcome.ok).toBe(true);
    const { outcome, seen } = await check({ first });
    expect(outcome).toMatchObject({ ok: false, cause: 'no-tls' });
    // The server counts logins that are broken off: this one was ended first.
    expect(seen).toEqual(['plain: hostwright-check']);
  });

  const one = (payload: Buffer | string) => packet({ sequence: 0, payload: Buffer.from(payload) });
  it.each<[string, Server, string]>([
    [
      'does not know this machine',
      { first: one(error(1130, "Host '203.0.113.9' is not allowed")) },
      'turned-away',
    ],
    ['takes no more connections', { first: one(error(1040, 'Too many connections')) }, 'turned-away'],
    ['is something else', { first: Buffer.from('220 ftp.example.org ready\r\n') }, 'not-mariadb'],
    ['is of another age', { first: one('\x09old\0') }, 'not-mariadb'],
    ['says nothing over TLS', { login: () => undefined }, 'no-answer'],
    ['says nothing to the wish for TLS', { insteadOfTls: () => undefined }, 'no-answer'],
    ['hangs up instead of TLS', { insteadOfTls: (stream) => stream.end() }, 'closed-early'],
    ['talks nonsense instead of TLS', { insteadOfTls: (stream) => stream.end('nonsense') }, 'no-tls'],
    ['hangs up over TLS', { login: (stream) => stream.end() }, 'closed-early'],
    [
      'breaks off in its answer',
      { login: (stream) => stream.end(Buffer.of(9, 0, 0, 3, 0xff)) },
      'closed-early',
    ],
    [
      'talks nonsense over TLS',
      { login: (stream) => stream.end('HTTP/1.1 400 Bad Request\r\n') },
      'not-mariadb',
    ],
    ['lets strangers in', { login: WELCOME }, 'lets-anybody-in'],
    ['lets strangers in at last', { login: SWITCH, next: WELCOME }, 'lets-anybody-in'],
    ['asks for ever', { login: SWITCH, next: SWITCH }, 'not-mariadb'],
    ['refuses for another reason', { login: answering(error(1129, '#HY000Host is blocked')) }, 'turned-away'],
  ])('tells of a server that %s', async (_, server, cause) => {
    const { outcome } = await check(server, {}, cause === 'no-answer' ? 400 : 5000);
    expect(outcome).toMatchObject({ ok: false, connected: true, cause });
    expect(outcome.steps.at(-1)).toMatchObject({ name: 'mariadb', ok: false });
  });

  it('shows what the server says on one line, whatever is in it', async () => {
    const first = one(error(1040, `a\n\u001b[31mb${'x'.repeat(500)}`));
    const { detail } = (await check({ first })).outcome.steps.at(-1) ?? {};
    expect(detail).toMatch(/^a \[31mbx+$/);
    expect(detail?.length).toBeLessThan(200);
  });

  /** Bytes of a packet with some of them changed, and cut off somewhere. */
  const damaged = (whole: Buffer): fc.Arbitrary<Buffer> =>
    fc
      .tuple(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(whole.length),
      )
      .map(([edits, length]) => {
        const bytes = Buffer.from(whole);
        for (const [at, byte] of edits) bytes[at] = byte;
        return bytes.subarray(0, length);
      });
  const noise = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));

  it('reads no bytes as anything but what the protocol has or a mistake in it', () => {
    const payloads = fc.oneof(damaged(greeting()), damaged(error(1045, '#28000Access denied')), noise);
    fc.assert(
      fc.property(payloads, (payload) => {
        for (const parse of [parseGreeting, parseAnswer]) {
          try {
            expect(JSON.stringify(parse(payload)).length).toBeLessThan(1500);
          } catch (mistake) {
            expect(mistake).toBeInstanceOf(NotThisProtocol);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('makes an outcome of 200 malformed answers, and leaves nothing open', async () => {
    const first = packet({ sequence: 0, payload: greeting() });
    const answers = fc.tuple(fc.oneof(damaged(first), noise), noise);
    for (const [greets, answers_] of fc.sample(answers, { numRuns: 200, seed: 3306 })) {
      const login: Login = (stream) => stream.end(answers_);
      const { outcome } = await check(
        { first: greets, login, insteadOfTls: (stream) => login(stream, 0) },
        {},
        20,
      );
      expect(outcome.connected).toBe(true);
      // Only a complete refusal in due form is proof.
      expect(outcome.ok).toBe(false);
      expect(outcome.cause).toBeDefined();
    }
  });
});
