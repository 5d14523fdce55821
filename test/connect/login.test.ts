import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { capture } from '../../src/connect/capture.ts';
import { secretKind } from '../../src/connect/questions.ts';
import { LIMITS } from '../../src/connect/route.ts';
import { ConnectError, InterruptedError } from '../../src/errors.ts';
import { sh } from '../../src/quote.ts';
import { connectBy, type KeyFolder, keyFolder, type ScriptedAsk, scriptedAsk } from './keys.ts';
import { startRelay } from './relay.ts';
import { type ServerOptions, startServer, type TestServer } from './ssh-server.ts';

const PASSWORD = 'correct horse';
let keys: KeyFolder;
const servers: TestServer[] = [];

beforeAll(() => {
  keys = keyFolder();
  for (const name of ['host', 'other-host', 'id', 'wrong']) keys.make(name);
  keys.make('rsa', { type: 'rsa' });
  keys.make('ecdsa', { type: 'ecdsa' });
  keys.make('locked', { passphrase: 'open sesame' });
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => keys.remove());

/** A server whose host key is on record in `known_hosts`. */
async function serve(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const server = await startServer({ hostKeys: [keys.privateText('host')], keys: [], ...options });
  servers.push(server);
  keys.write('known_hosts', `[127.0.0.1]:${server.port} ${keys.publicLine('host')}\n`);
  return server;
}

function target(server: { port: number }, identityFile = 'id') {
  const { path } = keys;
  return {
    host: '127.0.0.1',
    port: server.port,
    user: 'pi',
    identityFile: path(identityFile),
    knownHostsFile: path('known_hosts'),
  };
}

/** Nobody is there to answer. */
const alone = (): ScriptedAsk => scriptedAsk({}, false);

describe.each(['node-ssh', 'openssh'] as const)('a login by %s', (backend) => {
  /** The error of a connection that must fail. */
  async function failure(
    ...args: Parameters<typeof connectBy> extends [unknown, ...infer Rest] ? Rest : never
  ) {
    const started = Date.now();
    const error = await connectBy(backend, ...args).then(
      async (connection) => {
        await connection.close();
        throw new Error('The connection was made.');
      },
      (reason: unknown) => reason,
    );
    expect(Date.now() - started).toBeLessThan(15_000);
    if (!(error instanceof ConnectError)) throw error;
    expect(error.exitCode).toBe(4);
    expect(error.hint).toBeTruthy();
    expect(`${error.message}${error.hint}${error.output}`).not.toContain(PASSWORD);
    return error;
  }

  describe('by key', () => {
    it.each(['id', 'rsa', 'ecdsa'])('works with %s', async (key) => {
      const server = await serve({ keys: [keys.publicLine(key)] });
      const connection = await connectBy(backend, target(server, key), alone());
      expect(connection.byPassword).toBe(false);
      expect((await capture(connection, sh`echo in`)).stdout).toBe('in\n');
      await connection.close();
    });

    it('asks for the passphrase of a key that the host accepts, once for both connections', async () => {
      const server = await serve({ keys: [keys.publicLine('locked')] });
      const ask = scriptedAsk({ Passphrase: ['wrong', 'open sesame'] });
      const connection = await connectBy(backend, target(server, 'locked'), ask);
      await (await connection.again()).close();
      await connection.close();
      expect(ask.asked.map(secretKind)).toEqual(['passphrase', 'passphrase']);
    });

    it('says that a key is locked when nobody can open it', async () => {
      const server = await serve({ keys: [keys.publicLine('locked')] });
      const error = await failure(target(server, 'locked'), alone());
      expect(error.message).toContain(`${keys.path('locked')} needs its passphrase`);
    });

    it('says which key the host did not accept', async () => {
      const server = await serve({ keys: [keys.publicLine('id')] });
      const error = await failure(target(server, 'wrong'), scriptedAsk({}));
      expect(error.message).toMatch(/accepts none of these keys: .*wrong/);
      expect(error.hint).toContain('ssh-copy-id');
    });

    it('says so too where a password would do but nobody can type one', async () => {
      const server = await serve({ keys: [keys.publicLine('id')], password: PASSWORD });
      const error = await failure(target(server, 'wrong'), alone());
      expect(error.message).toMatch(/none of these keys: .*wrong\. It would take a password/);
    });

    it('leaves out a key that others can read, and says so', async () => {
      const server = await serve({ keys: [keys.publicLine('id')] });
      execFileSync('cp', [keys.path('id'), keys.path('open')]);
      execFileSync('chmod', ['644', keys.path('open')]);
      const error = await failure(target(server, 'open'), alone());
      expect(error.message).toContain('readable by others');
    });

    it('takes keys from the agent', async () => {
      const server = await serve({ keys: [keys.publicLine('wrong')] });
      const socket = keys.path(`agent-${backend}`);
      const printed = execFileSync('ssh-agent', ['-a', socket, '-s'], { encoding: 'utf8' });
      const env = { ...process.env, SSH_AUTH_SOCK: socket, HOME: keys.path('no-home') };
      try {
        execFileSync('ssh-add', ['-q', keys.path('wrong')], { env, stdio: 'ignore' });
        const { identityFile: _unset, ...byAgent } = target(server);
        const connection = await connectBy(backend, byAgent, alone(), { env });
        expect((await capture(connection, sh`echo in`)).stdout).toBe('in\n');
        await connection.close();
      } finally {
        process.kill(Number(/SSH_AGENT_PID=(\d+)/.exec(printed)?.[1]));
      }
    });

    it('survives an agent that is not there', async () => {
      const server = await serve({ keys: [keys.publicLine('id')] });
      const env = { ...process.env, SSH_AUTH_SOCK: keys.path('nothing') };
      await (await connectBy(backend, target(server), alone(), { env })).close();
    });
  });

  describe('by password', () => {
    it('asks, and asks no more for the second connection', async () => {
      const server = await serve({ password: PASSWORD });
      const ask = scriptedAsk({ 'Password for': [PASSWORD] });
      const connection = await connectBy(backend, target(server), ask);
      expect(connection.byPassword).toBe(true);
      const second = await connection.again();
      expect((await capture(second, sh`echo in`)).stdout).toBe('in\n');
      await Promise.all([second.close(), connection.close()]);
      expect(ask.asked).toEqual([`Password for pi@127.0.0.1:${server.port}`]);
    });

    it('answers keyboard-interactive', async () => {
      const server = await serve({ password: PASSWORD, methods: ['keyboard-interactive'] });
      const ask = scriptedAsk({ 'Password for': [PASSWORD] });
      await (await connectBy(backend, target(server), ask)).close();
      expect(ask.asked).toHaveLength(1);
    });

    it('lets a person try three times, a script once', async () => {
      const server = await serve({ password: PASSWORD });
      const ask = scriptedAsk({ 'Password for': ['a', 'b', 'c', PASSWORD] });
      expect((await failure(target(server), ask)).message).toContain('did not accept the password');
      expect(ask.asked).toHaveLength(3);
      const script = scriptedAsk({ 'Password for': ['a', PASSWORD] }, false);
      expect((await failure(target(server), script)).message).toContain('did not accept the password');
      expect(script.asked).toHaveLength(1);
    });

    it('says how to do without when nobody is there', async () => {
      const server = await serve({ password: PASSWORD });
      const { identityFile: _unset, ...anyKey } = target(server);
      const env = { ...process.env, HOME: keys.path('no-home'), SSH_AUTH_SOCK: '' };
      const error = await failure(anyKey, alone(), { env });
      expect(error.message).toContain('asks for a password, and nobody is here');
      expect(error.hint).toContain('Set the variable.');
    });
  });

  describe('and the host key', () => {
    it('asks about an unknown one and remembers it', async () => {
      const server = await serve({ keys: [keys.publicLine('id')] });
      const knownHostsFile = keys.path(`new-${backend}/known_hosts`);
      const ask = scriptedAsk({ 'The host key of': true });
      await (await connectBy(backend, { ...target(server), knownHostsFile }, ask)).close();
      expect(ask.asked).toHaveLength(1);
      expect(ask.asked[0]).toMatch(/SHA256:[A-Za-z0-9+/]{43}/);
      expect(statSync(knownHostsFile).mode & 0o777).toBe(0o600);
      expect(readFileSync(knownHostsFile, 'utf8')).toContain('ssh-ed25519');
      await (await connectBy(backend, { ...target(server), knownHostsFile }, alone())).close();
    });

    it('asks about it once, also when a second connection has to prove the way in', async () => {
      const server = await serve({ keys: [keys.publicLine('id')] });
      const ask = scriptedAsk({ 'The host key of': true });
      const knownHostsFile = keys.path(`again-${backend}/known_hosts`);
      const first = await connectBy(backend, { ...target(server), knownHostsFile }, ask);
      const second = await first.again();
      expect(ask.asked).toHaveLength(1);
      expect(readFileSync(knownHostsFile, 'utf8').trim().split('\n')).toHaveLength(1);
      await Promise.all([first.close(), second.close()]);
    });

    it('goes no further when the person says no, or when nobody is there', async () => {
      const server = await serve({ keys: [keys.publicLine('id')] });
      const stranger = { ...target(server), knownHostsFile: keys.path('nowhere') };
      const refused = await failure(stranger, scriptedAsk({ 'The host key of': false }));
      expect(refused.message).toContain('was not accepted');
      const unseen = await failure(stranger, alone());
      expect(unseen.message).toMatch(/is not known yet: .* SHA256:/);
      expect(unseen.hint).toContain('--accept-host-key SHA256:');
      expect(server.attempts).toEqual([]);
    });

    it('takes the fingerprint that was named, and no other', async () => {
      const server = await serve({ keys: [keys.publicLine('id')] });
      const stranger = { ...target(server), knownHostsFile: keys.path(`named-${backend}`) };
      const printed = execFileSync('ssh-keygen', ['-lf', keys.path('host.pub')], { encoding: 'utf8' });
      const fingerprint = printed.split(' ')[1] ?? '';
      const other = await failure(stranger, alone(), { acceptHostKey: 'SHA256:other' });
      expect(other.message).toContain(`is ${fingerprint}, not the one you named`);
      await (await connectBy(backend, stranger, alone(), { acceptHostKey: fingerprint })).close();
    });

    it('refuses a changed one, whatever the person would say', async () => {
      const server = await serve({ keys: [keys.publicLine('id')] });
      keys.write('known_hosts', `# first\n[127.0.0.1]:${server.port} ${keys.publicLine('other-host')}\n`);
      const ask = scriptedAsk({ 'The host key of': true });
      const error = await failure(target(server), ask);
      expect(error.message).toContain('has changed');
      expect(error.message).toContain(`${keys.path('known_hosts')}:2`);
      expect(error.hint).toContain(
        `ssh-keygen -f '${keys.path('known_hosts')}' -R '[127.0.0.1]:${server.port}'`,
      );
      expect(ask.asked).toEqual([]);
      expect(server.attempts).toEqual([]);
    });

    it('refuses a host that has only a key of another type than the one on record', async () => {
      const server = await serve({ keys: [keys.publicLine('id')] });
      keys.write('known_hosts', `[127.0.0.1]:${server.port} ${keys.publicLine('rsa')}\n`);
      const error = await failure(target(server), scriptedAsk({ 'The host key of': true }));
      expect(error.message).toContain('has changed');
      expect(server.attempts).toEqual([]);
    });

    it('refuses a revoked one', async () => {
      const server = await serve({ keys: [keys.publicLine('id')] });
      keys.write('known_hosts', `@revoked [127.0.0.1]:${server.port} ${keys.publicLine('host')}\n`);
      const error = await failure(target(server), scriptedAsk({ 'The host key of': true }));
      expect(error.message).toContain('revoked');
      expect(server.attempts).toEqual([]);
    });

    it('knows the host on port 22 by the same key', async () => {
      const server = await serve({ keys: [keys.publicLine('id')] });
      keys.write('known_hosts', `127.0.0.1 ${keys.publicLine('host')}\n`);
      await (await connectBy(backend, target(server), alone())).close();
    });
  });

  describe('that cannot succeed', () => {
    it('names a closed port', async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      server.close();
      expect((await failure(target({ port }), alone())).message).toContain(
        `refused the connection on port ${port}`,
      );
    });

    it('names an unknown name', async () => {
      const error = await failure({ ...target({ port: 22 }), host: 'no-such-host.invalid' }, alone());
      expect(error.message).toMatch(/no-such-host\.invalid (has no address|could not be looked up)/);
    });

    it('names a machine that does not answer', async () => {
      const server = createServer(() => {}).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const limits = { ...LIMITS, login: 1_500 };
      expect((await failure(target({ port }), alone(), { limits })).message).toContain('did not answer');
      server.close();
    });

    it('names what is no ssh server', async () => {
      const server = createServer((socket) =>
        socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
      );
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      expect((await failure(target({ port }), alone())).message).toContain('does not speak ssh');
      server.close();
    });

    it('names missing common algorithms', async () => {
      const server = await serve({ algorithms: { kex: ['diffie-hellman-group1-sha1'] } });
      expect((await failure(target(server), alone())).message).toContain('No way of encryption');
    });

    it('stops when interrupted', async () => {
      const server = createServer(() => {}).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const signal = AbortSignal.timeout(500);
      await expect(connectBy(backend, target({ port }), alone(), { signal })).rejects.toBeInstanceOf(
        InterruptedError,
      );
      server.close();
    });
  });

  it('opens a further connection after Ctrl-C too: a run on its way to a safe point may need it', async () => {
    const server = await serve({ keys: [keys.publicLine('id')] });
    const controller = new AbortController();
    const { signal } = controller;
    const connection = await connectBy(backend, target(server), alone(), { signal });
    controller.abort();
    const further = await connection.again();
    expect(await capture(further, sh`echo in`)).toMatchObject({ code: 0, stdout: 'in\n' });
    await further.close();
    await connection.close();
  });

  it('does not let a refused session fail a command', async () => {
    const server = await serve({ keys: [keys.publicLine('id')], maxSessions: backend === 'openssh' ? 3 : 2 });
    const connection = await connectBy(backend, target(server), alone());
    const results = await Promise.all(
      Array.from({ length: 6 }, (_, index) => capture(connection, sh`sleep 0.05; echo ${index}`)),
    );
    expect(results.map(({ stdout }) => stdout.trim())).toEqual(['0', '1', '2', '3', '4', '5']);
    await connection.close();
  });

  it('opens five sessions at most', async () => {
    const server = await serve({ keys: [keys.publicLine('id')] });
    const connection = await connectBy(backend, target(server), alone());
    await Promise.all(Array.from({ length: 9 }, () => capture(connection, sh`sleep 0.1`)));
    // One more holds the connection of the system's ssh.
    expect(server.peak).toBe(backend === 'openssh' ? 6 : 5);
    await connection.close();
  });

  it('notices a peer that has fallen silent', async () => {
    const server = await serve({ keys: [keys.publicLine('id')] });
    const relay = await startRelay(server.port);
    keys.write('known_hosts', `[127.0.0.1]:${relay.port} ${keys.publicLine('host')}\n`);
    const limits = { ...LIMITS, keepAlive: 1_000 };
    const connection = await connectBy(backend, target(relay), alone(), { limits });
    const channel = await connection.exec(sh`echo started; exec sleep 60`);
    await once(channel.stdout, 'data');
    relay.freeze();
    await expect(channel.exit).rejects.toThrow('was lost');
    await connection.close();
    relay.close();
  });

  it('says that forwarding is prohibited', async () => {
    const server = await serve({ keys: [keys.publicLine('id')], noForwarding: true });
    const connection = await connectBy(backend, target(server), alone());
    await expect(connection.forward('127.0.0.1', 9, 5_000)).rejects.toMatchObject({ name: 'ForwardError' });
    await connection.close();
  });
});
