import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allowedAlgorithms,
  chooseBackend,
  findSpecialKeys,
  SSH2_ALGORITHMS,
} from '../../src/connect/backend.ts';
import type { SshTarget } from '../../src/connect/connection.ts';
import { planRoute } from '../../src/connect/ssh.ts';
import { parseSshConfig, readSshSettings, toSettings } from '../../src/connect/ssh-config.ts';
import { type KeyFolder, keyFolder } from './keys.ts';

const target: SshTarget = { kind: 'ssh', host: 'attic', backend: 'auto', sudo: 'auto' };
const env = { HOME: '/home/me', SSH_AUTH_SOCK: '/run/agent' };

function settings(lines: string, overrides: Partial<SshTarget> = {}) {
  return toSettings({ ...target, ...overrides }, parseSshConfig(lines), false, env);
}

const never = (): Promise<never> => Promise.reject(new Error('nobody is asked'));

const nothing = { wanted: 'auto', sshFound: true, specialKeys: [], knownKeys: [] } as const;

describe('toSettings', () => {
  it('has the defaults of ssh without a configuration', () => {
    expect(settings('')).toMatchObject({
      hostname: 'attic',
      user: userInfo().username,
      port: 22,
      identityFiles: ['/home/me/.ssh/id_ed25519', '/home/me/.ssh/id_ecdsa', '/home/me/.ssh/id_rsa'],
      identitiesOnly: false,
      agentSocket: '/run/agent',
      knownHostsFiles: ['/home/me/.ssh/known_hosts'],
      unknownHostKey: 'ask',
      family: 0,
    });
  });

  it('follows the configuration', () => {
    const lines = [
      'hostname 192.168.1.20',
      'user pi',
      'port 2222',
      'identityfile ~/.ssh/%n-%r',
      'identityfile /keys/b',
      'identitiesonly yes',
      'identityagent none',
      'userknownhostsfile ~/.ssh/a /b',
      'hashknownhosts yes',
      'stricthostkeychecking true',
      'addressfamily inet6',
      'hostkeyalias box',
    ];
    expect(settings(lines.join('\n'))).toMatchObject({
      hostname: '192.168.1.20',
      user: 'pi',
      port: 2222,
      identityFiles: ['/home/me/.ssh/attic-pi', '/keys/b'],
      identitiesOnly: true,
      agentSocket: undefined,
      knownHostsFiles: ['/home/me/.ssh/a', '/b'],
      hashKnownHosts: true,
      unknownHostKey: 'refuse',
      family: 6,
      hostKeyAlias: 'box',
    });
  });

  it('lets the target win, and offers only the key that it names', () => {
    const wanted = { user: 'root', port: 22, identityFile: '~/my key', knownHostsFile: '/lab/known_hosts' };
    expect(settings('user pi\nport 2222\nidentityfile /a\nuserknownhostsfile /b', wanted)).toMatchObject({
      user: 'root',
      port: 22,
      identityFiles: ['/home/me/my key'],
      identitiesOnly: true,
      knownHostsFiles: ['/lab/known_hosts'],
      globalKnownHostsFiles: [],
    });
  });

  it('never lets a changed key pass because of StrictHostKeyChecking no', () => {
    expect(settings('stricthostkeychecking false').unknownHostKey).toBe('accept');
  });
});

describe('chooseBackend', () => {
  it('takes node-ssh by default', () => {
    expect(chooseBackend(settings('proxycommand none\nverifyhostkeydns false'), nothing).backend).toBe(
      'node-ssh',
    );
  });

  it.each([
    ['proxyjump bastion', 'ProxyJump'],
    ['proxycommand nc %h %p', 'ProxyCommand'],
    ['certificatefile ~/.ssh/id-cert.pub', 'CertificateFile'],
    ['pkcs11provider /lib/opensc.so', 'PKCS11Provider'],
    ['knownhostscommand /bin/keys', 'KnownHostsCommand'],
    ['kexalgorithms sntrup761x25519-sha512@openssh.com', 'kexalgorithms'],
    ['hostkeyalgorithms sk-ssh-ed25519@openssh.com', 'hostkeyalgorithms'],
  ])('takes the system ssh for %s, and says why', (line, word) => {
    const choice = chooseBackend(settings(line), nothing);
    expect(choice.backend).toBe('openssh');
    expect(choice.reason).toContain(word);
  });

  it('takes the system ssh for Match exec, security keys and certificate authorities', () => {
    const matched = toSettings(target, new Map(), true, env);
    expect(chooseBackend(matched, nothing).reason).toContain('Match exec');
    expect(chooseBackend(settings(''), { ...nothing, specialKeys: ['/k is a security key'] }).backend).toBe(
      'openssh',
    );
    const authority = { file: 'f', line: 1, marker: 'cert-authority', type: 'ssh-ed25519', key: '' } as const;
    expect(chooseBackend(settings(''), { ...nothing, knownKeys: [authority] }).backend).toBe('openssh');
  });

  it('does what the host file says, and never takes an ssh that is not there', () => {
    expect(chooseBackend(settings(''), { ...nothing, wanted: 'openssh' }).backend).toBe('openssh');
    expect(chooseBackend(settings('proxyjump b'), { ...nothing, wanted: 'node-ssh' }).backend).toBe(
      'node-ssh',
    );
    expect(chooseBackend(settings('proxyjump b'), { ...nothing, sshFound: false }).backend).toBe('node-ssh');
  });

  it('offers only what the user allows, and only what ssh2 has', async () => {
    expect(allowedAlgorithms(settings('ciphers chacha20-poly1305@openssh.com,aes256-ctr'), 'cipher')).toEqual(
      ['aes256-ctr'],
    );
    const { default: ssh2 } = await import('ssh2');
    const algorithms = Object.fromEntries(
      Object.entries(SSH2_ALGORITHMS).map(([kind, list]) => [kind, [...list]]),
    );
    const client = new ssh2.Client().on('error', () => {});
    expect(() => client.connect({ host: '127.0.0.1', port: 1, username: 'x', algorithms })).not.toThrow();
  });
});

describe('readSshSettings', () => {
  let keys: KeyFolder;
  beforeAll(() => {
    keys = keyFolder();
  });
  afterAll(() => keys.remove());

  it('reads a real configuration by ssh -G, and notices Match exec', async () => {
    const configFile = keys.write(
      'config',
      'Host attic\n  HostName 10.0.0.7\n  User pi\n  ProxyJump bastion\nMatch host other exec "true"\n  User matched\n',
    );
    const { settings: attic, sshFound } = await readSshSettings(target, { env: process.env, configFile });
    expect(sshFound).toBe(true);
    expect(attic).toMatchObject({ hostname: '10.0.0.7', user: 'pi', port: 22, matchExec: false });
    expect(chooseBackend(attic, nothing).reason).toContain('ProxyJump');
    const other = await readSshSettings({ ...target, host: 'other' }, { env: process.env, configFile });
    expect(other.settings).toMatchObject({ user: 'matched', matchExec: true });
  });

  it('takes the system ssh for a jump host of the host file, whatever else is said', async () => {
    const options = {
      ask: { interactive: false, secret: never, confirm: never },
      sshConfigFile: '/dev/null',
    };
    for (const backend of ['auto', 'node-ssh'] as const) {
      const { choice, route } = await planRoute({ ...target, backend, jump: 'anna@gate:2222' }, options);
      expect(choice.backend).toBe('openssh');
      expect(route.settings.all.get('proxyjump')).toEqual(['anna@gate:2222']);
    }
  });

  it('finds the defaults acceptable for node-ssh', async () => {
    const { settings: defaults } = await readSshSettings(target, {
      env: process.env,
      configFile: '/dev/null',
    });
    expect(chooseBackend(defaults, nothing).backend).toBe('node-ssh');
  });

  it('has defaults when there is no ssh', async () => {
    const { settings: found, sshFound } = await readSshSettings(target, { env: { PATH: keys.folder } });
    expect(sshFound).toBe(false);
    expect(found).toMatchObject({ hostname: 'attic', port: 22 });
  });

  it('knows keys that only the system ssh can use', async () => {
    keys.make('plain');
    keys.make('signed');
    keys.write('signed-cert.pub', 'ssh-ed25519-cert-v01@openssh.com AAAA');
    keys.write('token', 'x');
    keys.write('token.pub', 'sk-ssh-ed25519@openssh.com AAAA');
    const special = await findSpecialKeys(['plain', 'signed', 'token', 'absent'].map(keys.path));
    expect(special).toEqual([
      expect.stringContaining('certificate'),
      expect.stringContaining('security key'),
    ]);
  });
});
