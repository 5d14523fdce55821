import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { powerCut, reboot, waitForBoot } from '../../src/lab/box.ts';
import { ensureImage } from '../../src/lab/build-image.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { boxImage, peerImage } from '../../src/lab/images.ts';
import { RELEASES } from '../../src/lab/places.ts';
import type { RunResult } from '../../src/lab/run.ts';
import type { LabState } from '../../src/lab/state.ts';
import { labUp } from '../../src/lab/up.ts';
import { ssh } from './support/laptop.ts';
import { nspawnLocks, remainsOf } from './support/remains.ts';

const silent = (): void => undefined;
const seconds = (since: number): number => (performance.now() - since) / 1000;
const told = (what: string, took: number): void => console.log(`${what}: ${took.toFixed(2)} s`);

// Both at once, all the time: every test below also shows that two labs do not get into each other's way.
const labs = RELEASES.map((release) => ({ release, name: `test-${release}` }));
const states = new Map<string, LabState>();

beforeAll(async () => {
  for (const image of [peerImage(), ...RELEASES.map(boxImage)]) await ensureImage(image, silent);
  for (const { name } of labs) await labDown({ name, report: silent });
  await Promise.all(
    labs.map(async ({ name, release }) => states.set(name, await labUp({ name, release, report: silent }))),
  );
});

afterAll(async () => {
  for (const { name } of labs) await labDown({ name, report: silent });
});

describe.each(labs)('a lab with Debian $release', ({ name, release }) => {
  const state = (): LabState => {
    const found = states.get(name);
    if (!found) throw new Error(`${name} is not up`);
    return found;
  };
  const on = (node: string, ...argv: string[]): Promise<RunResult> => labCapture({ name, node, argv });
  const sh = (node: string, script: string): Promise<RunResult> => on(node, 'sh', '-c', script);
  const addresses = (node: string): readonly string[] =>
    state().nodes.find((one) => one.name === node)?.addresses ?? [];
  /** Whether a TCP connection comes about. */
  const reaches = async (from: string, address: string, port: number): Promise<boolean> =>
    (await on(from, 'nc', '-z', '-w', '3', address, String(port))).code === 0;

  test('is up in under 15 s once its images are there', async () => {
    await labDown({ name, report: silent });
    const started = performance.now();
    states.set(name, await labUp({ name, release, report: silent }));
    told(`up, ${release}`, seconds(started));
    expect(seconds(started)).toBeLessThan(15);
  });

  test('has a box that booted with systemd and in which nothing failed', async () => {
    expect((await on('box', 'systemctl', 'is-system-running')).stdout.trim()).toBe('running');
    expect((await on('box', 'cat', '/etc/os-release')).stdout).toContain(`VERSION_CODENAME=${release}`);
    expect((await sh('box', 'ps -p 1 -o comm= 2>/dev/null || cat /proc/1/comm')).stdout.trim()).toBe(
      'systemd',
    );
    expect((await on('box', 'hostname')).stdout.trim()).toBe('box');
    expect((await on('box', 'nft', 'list', 'ruleset')).code).toBe(0);
  });

  test('gives the box its addresses by DHCP and router advertisements', async () => {
    const links = (await on('box', 'networkctl', 'status', 'eth0', '--no-pager')).stdout;
    expect(links).toMatch(/192\.168\.1\.20 \(DHCP(4|v4)/);
    const routes = (await on('box', 'ip', '-6', 'route')).stdout;
    expect(routes).toMatch(/default .*proto ra/);
    const present = (await on('box', 'ip', '-o', 'addr', 'show', 'dev', 'eth0')).stdout;
    for (const address of addresses('box')) expect(present).toContain(` ${address}/`);
  });

  test('lets each account in as it should', async () => {
    for (const user of ['root', 'nopass', 'pi', 'plain']) {
      expect(await ssh(state(), { user }, 'id -un')).toMatchObject({ code: 0, stdout: `${user}\n` });
    }
    for (const user of ['pi', 'word']) {
      const password = state().users[user]?.password ?? '';
      expect(await ssh(state(), { user, password }, 'id -un')).toMatchObject({
        code: 0,
        stdout: `${user}\n`,
      });
    }
  });

  test('lets each account become root as it should', async () => {
    expect((await ssh(state(), { user: 'nopass' }, 'sudo -n id -u')).stdout).toBe('0\n');
    for (const user of ['pi', 'word']) {
      const password = state().users[user]?.password ?? '';
      const login = { user, password };
      expect((await ssh(state(), login, 'sudo -n id -u')).code).not.toBe(0);
      expect((await ssh(state(), login, "sudo -S -p '' id -u", `${password}\n`)).stdout).toBe('0\n');
    }
    expect((await ssh(state(), { user: 'plain' }, 'sudo -n id -u')).code).not.toBe(0);
    expect((await ssh(state(), { user: 'plain' }, 'id -nG')).stdout).toBe('plain\n');
  });

  test('has peers whose host keys are known, under every address', async () => {
    for (const node of ['box', 'phone', 'internet']) {
      for (const host of addresses(node)) {
        expect(await ssh(state(), { user: 'root', host }, 'hostname')).toMatchObject({
          code: 0,
          stdout: `${node}\n`,
        });
      }
    }
  });

  test('lets the phone reach the box in both families, and the internet reach nothing', async () => {
    const [v4 = '', gua = '', ula = ''] = addresses('box');
    for (const address of [v4, gua, ula]) expect(await reaches('phone', address, 22)).toBe(true);
    const [wan4 = '', wan6 = ''] = addresses('router').slice(3);
    for (const address of [v4, gua, ula, wan4, wan6])
      expect(await reaches('internet', address, 22)).toBe(false);
    const scan = await on(
      'internet',
      'nmap',
      '-Pn',
      '-n',
      '-T4',
      '--max-retries',
      '1',
      '--open',
      '-p',
      '1-200',
      wan4,
    );
    expect(scan).toMatchObject({ code: 0 });
    expect(scan.stdout).not.toContain('open');
    // The way out does work, or the lines above would prove nothing.
    for (const node of ['box', 'phone']) {
      for (const address of addresses('internet')) {
        const script = `exec 3<>/dev/tcp/${address}/22 && read -r greeting <&3 && echo "$greeting"`;
        expect((await on(node, 'bash', '-c', script)).stdout).toContain('SSH-2.0');
      }
    }
  });

  test('resolves the names of the LAN and of its own internet, and no others', async () => {
    const look = async (from: string, words: string): Promise<string> =>
      (await sh(from, `dig +short ${words}`)).stdout.trim();
    expect(await look('phone', 'box.home.arpa')).toBe('192.168.1.20');
    expect(await look('phone', `${state().domain}`)).toBe('203.0.113.2');
    expect(await look('internet', `${state().domain}`)).toBe('203.0.113.2');
    expect((await on('box', 'getent', 'ahostsv4', 'phone.home.arpa')).stdout).toContain('192.168.1.11');
    expect((await sh('phone', 'dig example.com')).stdout).toContain('status: NXDOMAIN');
  });

  test('has no way out but the one for Debian packages', async () => {
    const outside = ['198.51.100.7', '2001:db8:beef::7', '10.255.255.53', '127.0.0.53'];
    for (const node of ['box', 'phone', 'laptop', 'router', 'internet']) {
      const tried = outside.map(async (address) => {
        const { code } = await on(node, 'timeout', '5', 'bash', '-c', `exec 3<>/dev/tcp/${address}/53`);
        expect(code, `${node} to ${address}`).not.toBe(0);
      });
      await Promise.all(tried);
    }
    const proxy = 'http://203.0.113.1:3142';
    const status = async (...words: string[]): Promise<string> =>
      (
        await on(
          'phone',
          'curl',
          '-s',
          '-m',
          '20',
          '-o',
          '/dev/null',
          '-w',
          '%{http_code}',
          '-x',
          proxy,
          ...words,
        )
      ).stdout;
    expect(await status('http://deb.debian.org/debian/dists/stable/Release')).toBe('200');
    expect(await status('http://example.com/')).toBe('403');
    expect(await status('http://deb.debian.org:22/debian/dists/stable/Release')).toBe('403');
    expect(await status('-X', 'POST', 'http://deb.debian.org/debian/x')).toBe('403');
    const tunnel = await on('phone', 'curl', '-sS', '-m', '20', '-x', proxy, 'https://deb.debian.org/');
    expect(tunnel.stderr).toContain('403');
  });

  test('installs a package on the box, and starts its service', async () => {
    const started = performance.now();
    const script =
      'apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y nginx-light && systemctl is-active nginx';
    const { code, stdout, stderr } = await sh('box', script);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/active\n$/);
    told(`apt-get update and nginx, ${release}`, seconds(started));
    expect((await on('phone', 'curl', '-s', 'http://box/')).stdout).toContain('Welcome to nginx');
  });

  test('passes input, output and exit codes through', async () => {
    const given = 'grüße\n'.repeat(20_000);
    const { code, stdout } = await labCapture(
      { name, node: 'box', argv: ['sh', '-c', 'cat; echo "$1" >&2; exit 7', 'x', "it's"] },
      { input: given },
    );
    expect(code).toBe(7);
    expect(stdout).toBe(given);
    expect((await on('box', 'sh', '-c', 'echo "$1" >&2', 'x', "it's")).stderr).toBe("it's\n");
    await expect(on('toaster', 'true')).rejects.toThrow('no machine "toaster"');
  });

  // Debian 13's sshd turns an address away for a while after this (PerSourcePenalties), until it starts anew below.
  test('turns away who has the wrong password, or none', async () => {
    const refused = [
      { user: 'word' },
      { user: 'pi', password: 'wrong' },
      { user: 'root', password: state().users.pi?.password ?? '' },
      { user: 'plain', password: '' },
    ];
    for (const { code } of await Promise.all(refused.map((login) => ssh(state(), login, 'true')))) {
      expect(code).toBe(255);
    }
  });

  const leaveMarks =
    'touch /run/mark /var/mark && sync && nft add table inet left && sysctl -q -w net.ipv4.tcp_syncookies=0';
  const marksLeft =
    'ls /run/mark /var/mark 2>/dev/null; nft list tables; cat /proc/sys/net/ipv4/tcp_syncookies';

  test.each([
    ['reboots', reboot],
    ['survives a power cut', powerCut],
  ])('%s: what is on disk stays, what was in the kernel is gone', async (what, happens) => {
    expect((await sh('box', leaveMarks)).code).toBe(0);
    const started = performance.now();
    await happens(name);
    told(`${what}, ${release}`, seconds(started));
    expect((await sh('box', marksLeft)).stdout).toBe('/var/mark\n1\n');
    expect(await ssh(state(), { user: 'root' }, 'systemctl is-active nginx')).toMatchObject({
      stdout: 'active\n',
    });
    expect(await reaches('phone', addresses('box')[1] ?? '', 22)).toBe(true);
  });

  test('reboots also when told so from inside', async () => {
    expect((await sh('box', 'touch /run/mark')).code).toBe(0);
    await ssh(state(), { user: 'nopass' }, 'sudo -n systemctl reboot');
    const mark = async (): Promise<string> =>
      (await sh('box', 'ls /run/mark 2>&1').catch(() => ({ stdout: '' }))).stdout;
    await expect.poll(mark, { timeout: 20_000 }).toContain('No such file');
    await waitForBoot(name);
    expect((await ssh(state(), { user: 'root' }, 'true')).code).toBe(0);
  });
});

test('a lab that is taken down leaves nothing, and the other one goes on', async () => {
  const [first, second] = labs;
  if (!first || !second) throw new Error('There are two releases');
  expect(remainsOf(first.name).length).toBeGreaterThan(10);
  const locks = nspawnLocks(first.name);
  expect(locks).toHaveLength(5);
  const started = performance.now();
  await labDown({ name: first.name, report: silent });
  told('down', seconds(started));
  expect(remainsOf(first.name)).toEqual([]);
  expect(nspawnLocks(second.name).filter((lock) => locks.includes(lock))).toEqual([]);
  expect(
    (await labCapture({ name: second.name, node: 'phone', argv: ['nc', '-z', '-w', '3', 'box', '22'] })).code,
  ).toBe(0);
  await labDown({ name: first.name, report: silent });
  expect(remainsOf(first.name)).toEqual([]);
});
