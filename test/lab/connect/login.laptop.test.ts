import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from '../../../src/connect/capture.ts';
import { connect } from '../../../src/connect/connect.ts';
import type { SshTarget } from '../../../src/connect/connection.ts';
import { offerKeyInstall } from '../../../src/connect/install-key.ts';
import type { SshConnection } from '../../../src/connect/route.ts';
import { ConnectError } from '../../../src/errors.ts';
import { sh } from '../../../src/quote.ts';
import { type KeyFolder, keyFolder, type ScriptedAsk, scriptedAsk } from '../../connect/keys.ts';
import { laptop } from './laptop.ts';

const { box, key, knownHosts, password, inBox, keysAs, sshd, state } = await laptop();
let keys: KeyFolder;

beforeAll(async () => {
  keys = keyFolder();
  keys.make('wrong');
  keys.make('locked', { passphrase: 'open sesame' });
  keys.make('authority');
  keys.make('signed');
  keys.make('other-host');
  execFileSync('ssh-keygen', [
    '-q',
    '-s',
    keys.path('authority'),
    '-I',
    'me',
    '-n',
    'root',
    keys.path('signed.pub'),
  ]);
  await inBox(sh`printf '%s\n' ${keys.publicLine('locked')} >>/root/.ssh/authorized_keys
printf '%s\n' ${keys.publicLine('authority')} >/etc/ssh/user_ca.pub`);
  await sshd(2201, { KbdInteractiveAuthentication: 'yes', PasswordAuthentication: 'no' });
  await sshd(2202, { MaxSessions: '2', AllowTcpForwarding: 'no' });
  await sshd(2203, { KexAlgorithms: 'sntrup761x25519-sha512@openssh.com' });
  await sshd(2204, { TrustedUserCAKeys: '/etc/ssh/user_ca.pub', AuthorizedKeysFile: 'none' });
  await sshd(2205, { MaxAuthTries: '2' });
  await inBox(sh`nft add table inet deaf
nft add chain inet deaf in '{ type filter hook input priority -10; }'
nft add rule inet deaf in tcp dport 2299 drop`);
});
afterAll(() => keys.remove());

/** A known_hosts file with the box's keys for one more port. */
function known(port: number): string {
  return keys.write(`known-${port}`, keysAs(`[${box}]:${port}`));
}

function target(over: Partial<SshTarget> = {}): SshTarget {
  const at = { kind: 'ssh', host: box, user: 'root', backend: 'auto', sudo: 'auto' } as const;
  const knownHostsFile = over.port === undefined ? knownHosts : known(over.port);
  return { ...at, identityFile: key, knownHostsFile, ...over };
}

/** A home of its own, so that nothing of the person who runs the tests counts. */
function home(name: string, config = ''): NodeJS.ProcessEnv {
  execFileSync('mkdir', ['-p', '-m', '700', keys.path(`${name}/.ssh`)]);
  keys.write(`${name}/.ssh/config`, config);
  const { SSH_AUTH_SOCK: _agent, ...env } = process.env;
  return { ...env, HOME: keys.path(name) };
}

const alone = (): ScriptedAsk => scriptedAsk({}, false);

function open(over: Partial<SshTarget>, ask = alone(), env = home('nobody')): Promise<SshConnection> {
  return connect(target(over), { ask, env }) as Promise<SshConnection>;
}

async function works(connection: SshConnection): Promise<void> {
  expect((await capture(connection, sh`echo in`)).stdout).toBe('in\n');
  await connection.close();
}

describe.each(['node-ssh', 'openssh'] as const)('a login to a real host by %s', (backend) => {
  async function failure(
    over: Partial<SshTarget>,
    ask = alone(),
    env = home('nobody'),
  ): Promise<ConnectError> {
    const started = Date.now();
    const error = await open({ backend, ...over }, ask, env).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(Date.now() - started).toBeLessThan(15_000);
    if (!(error instanceof ConnectError)) throw new Error('No ConnectError', { cause: error });
    expect(error.exitCode).toBe(4);
    expect(error.hint).toBeTruthy();
    return error;
  }

  it('works by key', async () => {
    for (const user of ['root', 'nopass', 'pi', 'plain']) await works(await open({ backend, user }));
  });

  it('works by a key with a passphrase', async () => {
    const ask = scriptedAsk({ Passphrase: ['open sesame'] });
    await works(await open({ backend, identityFile: keys.path('locked') }, ask));
    expect(ask.asked).toHaveLength(1);
  });

  it('works by password and by keyboard-interactive, also a second time without asking', async () => {
    for (const port of [22, 2201]) {
      const ask = scriptedAsk({ 'Password for': [password('word')] }, false);
      const over = port === 22 ? { knownHostsFile: knownHosts } : { port };
      const connection = await open({ backend, user: 'word', ...over }, ask);
      await works((await connection.again()) as SshConnection);
      await works(connection);
      expect(ask.asked).toEqual([`Password for word@${box}:${port}`]);
    }
  });

  it('says that the key is wrong', async () => {
    const error = await failure({ user: 'plain', port: 2204, identityFile: keys.path('wrong') });
    expect(error.message).toMatch(/^plain@192\.168\.1\.20:2204 accepts none of these keys: .*wrong/);
    const here = await failure({ identityFile: keys.path('wrong') });
    expect(here.message).toMatch(/^root@192\.168\.1\.20:22 accepts none of these keys: .*wrong/);
  });

  it('says that the password is wrong', async () => {
    const ask = scriptedAsk({ 'Password for': ['wrong', 'wrong', 'wrong'] });
    expect((await failure({ user: 'word' }, ask)).message).toBe(
      `word@${box}:22 did not accept the password.`,
    );
    expect(ask.asked).toHaveLength(3);
    const script = scriptedAsk({ 'Password for': ['wrong'] }, false);
    expect((await failure({ user: 'word' }, script)).message).toBe(
      `word@${box}:22 did not accept the password.`,
    );
  });

  it('says that a port is closed', async () => {
    expect((await failure({ port: 23 })).message).toBe(
      `${box} refused the connection on port 23: nothing listens there.`,
    );
  });

  it('says that a name is unknown', async () => {
    const error = await failure({ host: 'attic.invalid' });
    expect(error.message).toMatch(
      /^The name attic\.invalid (has no address|could not be looked up: no name server answered)\.$/,
    );
  });

  it('says that nobody has the address', async () => {
    expect((await failure({ host: '192.168.1.250' })).message).toMatch(
      /^There is no way to 192\.168\.1\.250/,
    );
  });

  it('says that nobody answers', async () => {
    expect((await failure({ port: 2299 })).message).toBe(`${box} did not answer on port 2299 in time.`);
  });

  it('says that the host key has changed, where, and what to type', async () => {
    const knownHostsFile = keys.write('changed', `${box} ${keys.publicLine('other-host')}\n`);
    const error = await failure({ knownHostsFile }, scriptedAsk({ 'The host key of': true }));
    expect(error.message).toContain(`The host key of ${box} has changed`);
    expect(error.message).toContain(`${knownHostsFile}:1`);
    expect(error.hint).toContain(`ssh-keygen -f '${knownHostsFile}' -R '${box}'`);
  });

  it('asks about an unknown host, remembers it, and refuses when nobody is there', async () => {
    const knownHostsFile = keys.path(`first-${backend}`);
    expect((await failure({ knownHostsFile })).message).toMatch(/is not known yet: \S+ SHA256:/);
    const ask = scriptedAsk({ 'The host key of': true });
    await works(await open({ backend, knownHostsFile }, ask));
    await works(await open({ backend, knownHostsFile }));
  });

  it('says that too many keys were offered', async () => {
    const socket = keys.path(`agent-${backend}`);
    const printed = execFileSync('ssh-agent', ['-a', socket, '-s'], { encoding: 'utf8' });
    const env = { ...home(`many-${backend}`), SSH_AUTH_SOCK: socket };
    try {
      for (const name of ['wrong', 'other-host', 'authority'])
        execFileSync('ssh-add', ['-q', keys.path(name)], { env, stdio: 'ignore' });
      const { identityFile: _unset, ...byAgent } = target({ port: 2205, backend });
      const error = await connect(byAgent, { ask: alone(), env }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ConnectError);
      expect((error as ConnectError).message).toContain('more keys were offered than it lets anybody try');
    } finally {
      process.kill(Number(/SSH_AGENT_PID=(\d+)/.exec(printed)?.[1]));
    }
  });

  it('waits its turn where the host allows few sessions, and says that forwarding is prohibited', async () => {
    const connection = await open({ backend, port: 2202 });
    const all = await Promise.all(
      Array.from({ length: 4 }, (_, index) => capture(connection, sh`echo ${index}`)),
    );
    expect(all.map(({ stdout }) => stdout.trim())).toEqual(['0', '1', '2', '3']);
    await expect(connection.forward('127.0.0.1', 22, 5_000)).rejects.toMatchObject({ reason: 'prohibited' });
    await connection.close();
  });

  it('offers to install a key after a login by password, and then needs none', async () => {
    const env = home(`new-${backend}`);
    const ask = scriptedAsk({ 'Password for': [password('word')], 'Install your ssh key': true });
    const { identityFile: _unset, ...byDefault } = target({ user: 'word', backend });
    const first = (await connect(byDefault, { ask, env })) as SshConnection;
    expect(first.byPassword).toBe(true);
    expect(await offerKeyInstall(first, { ask, env })).toBe('installed');
    await works(first);
    await works((await connect(byDefault, { ask: alone(), env })) as SshConnection);
    await inBox(sh`rm /home/word/.ssh/authorized_keys`);
  });
});

describe('the back end', () => {
  const phone = state.nodes.find(({ name }) => name === 'phone')?.addresses[0] ?? '';

  it('is node-ssh by default', async () => {
    const connection = await open({});
    expect(connection.backend).toBe('node-ssh');
    await connection.close();
  });

  it('is the system ssh for ProxyJump, which works', async () => {
    const common = `User root\nIdentityFile ${key}\nUserKnownHostsFile ${knownHosts}\n`;
    const env = home(
      'jumper',
      `Host box\nHostName ${box}\nProxyJump phone\n${common}Host phone\nHostName ${phone}\n${common}`,
    );
    const jump = { kind: 'ssh', host: 'box', backend: 'auto', sudo: 'auto' } as const;
    const connection = (await connect(jump, { ask: alone(), env })) as SshConnection;
    expect(connection.backend).toBe('openssh');
    const { stdout } = await capture(connection, sh`echo "$SSH_CLIENT"`);
    expect(stdout).toContain(phone);
    await connection.close();
  });

  it('is the system ssh for a jump host that the host file names, which works', async () => {
    const common = `User root\nIdentityFile ${key}\nUserKnownHostsFile ${knownHosts}\n`;
    const env = home('jumps', `Host *\n${common}`);
    const target = { kind: 'ssh', host: box, jump: `root@${phone}`, backend: 'auto', sudo: 'auto' } as const;
    const connection = (await connect(target, { ask: alone(), env })) as SshConnection;
    expect(connection.backend).toBe('openssh');
    const { stdout } = await capture(connection, sh`echo "$SSH_CLIENT"`);
    expect(stdout).toContain(phone);
    await connection.close();
  });

  it('is the system ssh for a certificate, which works', async () => {
    const connection = await open({ port: 2204, identityFile: keys.path('signed') });
    expect(connection.backend).toBe('openssh');
    await works(connection);
  });

  it('is the system ssh for a host that speaks only post-quantum key exchange', async () => {
    const connection = await open({ port: 2203 });
    expect(connection.backend).toBe('openssh');
    await works(connection);
  });
});
