import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reboot } from '../../src/lab/box.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { BOX_V4, WAN } from '../../src/lab/network.ts';
import { labUp } from '../../src/lab/up.ts';
import { type Shell, sh } from '../../src/quote.ts';
import { hostwright, summaryOf, workingFolder } from './support/hostwright.ts';
import { releasesOf } from './support/releases.ts';

const LAB = 'forward';
const LAPTOP = '192.168.1.10';
const PHONE = '192.168.1.11';

const DOCKER = readFileSync(new URL('firewall/docker.sh', import.meta.url), 'utf8');

type Machine = 'box' | 'laptop' | 'phone' | 'internet' | 'router';

async function on(node: Machine, script: Shell | string): Promise<string> {
  const { stdout } = await labCapture({ name: LAB, node, argv: ['sh', '-us'] }, { input: String(script) });
  return stdout.trim();
}
const get = (node: Machine, port: number, address: string = BOX_V4): Promise<string> =>
  on(
    node,
    sh`curl -s --max-time 8 --connect-timeout 2 --retry 2 --retry-connrefused --retry-delay 1 ${`http://${address}:${port}/`} || echo nothing`,
  );

/** The laptop answers on port 8000, again and again. */
const SERVE = sh`(while :; do printf 'HTTP/1.0 200 OK\r\n\r\nfrom the laptop' | nc -N -l -p 8000; done) >/dev/null 2>&1 &`;

/** The same from the host itself, which has no curl. */
const getFromBox = (port: number): Promise<string> =>
  on('box', sh`timeout 6 bash -c 'exec 3<>"/dev/tcp/$1/$2" && cat <&3' bash ${BOX_V4} ${port} | tail -n 1`);

describe.each(releasesOf('bookworm'))('ports that the host passes on, on %s', (release) => {
  const folder = workingFolder();
  const run = (...words: string[]) => hostwright(words, folder.path);
  const apply = async () => {
    const done = await run('apply', '--yes', '--json', '--no-check');
    expect(done.code, done.stderr).toBe(0);
    return summaryOf(done);
  };
  const host = (more = ''): string => `hostwright: 1
host: attic
connect: { lab: ${LAB} }
roles:
  cam:
    recipe: forward
    expose: internet
    rules:
      - { port: 8080, to: ${LAPTOP}, toPort: 8000 }
      - { port: 8081, to: ${LAPTOP}, toPort: 8000, from: [${PHONE}/32] }
${more}`;

  beforeAll(async () => {
    await labUp({ name: LAB, release, report: () => undefined });
    await on('laptop', SERVE);
    folder.write('host.yaml', host('  firewall: {}\n'));
  });
  afterAll(async () => {
    folder.remove();
    await labDown({ name: LAB, report: () => undefined });
  });

  it('go to another machine: from the network, the host, the target itself and the internet', async () => {
    const before = await on('box', sh`cat /proc/sys/net/ipv4/ip_forward; nft list tables`);
    expect(before).toBe('0');
    await apply();
    for (const node of ['phone', 'laptop'] as const)
      expect(await get(node, 8080), node).toBe('from the laptop');
    await expect.poll(() => getFromBox(8080), { timeout: 5_000 }).toBe('from the laptop');
    expect(await get('internet', 8080, WAN.router.v4)).toBe('from the laptop');
    expect(await get('phone', 8081)).toBe('from the laptop');
    expect(await get('laptop', 8081)).toBe('nothing');
    expect(await get('internet', 8081, WAN.router.v4)).toBe('nothing');
    expect(await apply()).toMatchObject({ changed: 0, roundTrips: 2 });
  });

  it('are passed on again when somebody has deleted the table, and after a restart', async () => {
    await on('box', sh`nft delete table inet hostwright_forward_cam`);
    expect(await get('phone', 8080)).toBe('nothing');
    expect(await apply()).toMatchObject({ changed: 1 });
    expect(await get('phone', 8080)).toBe('from the laptop');
    await reboot(LAB);
    await expect.poll(() => get('phone', 8080), { timeout: 30_000, interval: 500 }).toBe('from the laptop');
  });

  it('leave nothing behind', async () => {
    expect((await run('remove', '--all', '--yes')).code).toBe(0);
    expect(
      await on(
        'box',
        sh`cat /proc/sys/net/ipv4/ip_forward; nft list tables 2>/dev/null; ls -d /etc/hostwright`,
      ),
    ).toBe('0');
    expect(await get('phone', 8080)).toBe('nothing');
  });

  it('get through ufw, where that is the firewall', async () => {
    await on(
      'box',
      sh`export DEBIAN_FRONTEND=noninteractive; apt-get -qq update; apt-get -qqy install ufw >/dev/null 2>&1
ufw allow 22/tcp; ufw --force enable`,
    );
    const before = await on('box', sh`cat /etc/ufw/user.rules /etc/ufw/user6.rules`);
    folder.write('host.yaml', host());
    await apply();
    expect(await get('phone', 8080)).toBe('from the laptop');
    expect(await apply()).toMatchObject({ changed: 0 });
    expect((await run('remove', '--all', '--yes')).code).toBe(0);
    expect(await on('box', sh`cat /etc/ufw/user.rules /etc/ufw/user6.rules`)).toBe(before);
  });

  it.each([
    [
      'firewalld',
      sh`apt-get -qqy --no-install-recommends install firewalld >/dev/null 2>&1; systemctl start firewalld`,
      sh`systemctl stop firewalld`,
      'firewall-cmd --add-forward-port',
    ],
    [
      'rules made by hand',
      sh`nft add table inet mine; nft 'add chain inet mine passing { type filter hook forward priority 0; policy drop; }'`,
      sh`nft delete table inet mine`,
      'chain passing of table inet mine',
    ],
  ])('are refused beside %s, with the lines to add', async (_, begin, end, words) => {
    await on('box', sh`export DEBIAN_FRONTEND=noninteractive; ufw --force disable; ${begin}`);
    folder.write('host.yaml', host());
    const { code, stderr } = await run('plan');
    await on('box', end);
    expect([code, stderr]).toEqual([1, expect.stringContaining(words)]);
    expect(stderr).toContain(`ip daddr ${LAPTOP} tcp dport 8000 ct status dnat accept`);
  });

  it('go to a container beside Docker, and to a machine that Docker knows nothing of', async () => {
    await on('box', DOCKER);
    folder.write('host.yaml', host('      - { port: 8082, to: 172.17.0.2, toPort: 80 }\n'));
    await apply();
    for (const node of ['phone', 'laptop'] as const)
      expect([await get(node, 8080), await get(node, 8082)], node).toEqual([
        'from the laptop',
        'from the container',
      ]);
    expect(await get('internet', 8082, WAN.router.v4)).toBe('from the container');
    // Docker makes its chains anew when it starts.
    await on('box', sh`systemctl restart docker`);
    expect(await get('phone', 8080)).toBe('from the laptop');
    expect(await apply()).toMatchObject({ changed: 0 });
    const rules = sh`iptables -S DOCKER-USER`;
    expect(await on('box', rules)).toContain('8080');
    expect((await run('remove', '--all', '--yes')).code).toBe(0);
    expect(await on('box', rules)).not.toContain('8080');
  });

  it.each([
    ['the port of ssh', `{ port: 22, to: ${LAPTOP} }`, 'lock you out'],
    ['the host itself', `{ port: 8080, to: ${BOX_V4} }`, 'this host itself'],
    ['a group', '{ port: 8080, to: 224.0.0.1 }', 'no address of a single machine'],
    ['a range that ends before it begins', `{ port: 90, lastPort: 80, to: ${LAPTOP} }`, 'before it begins'],
  ])('are refused for %s, with the place', async (_, rule, words) => {
    folder.write(
      'host.yaml',
      `host: attic\nconnect: { lab: ${LAB} }\nroles:\n  cam: { recipe: forward, rules: [${rule}] }\n`,
    );
    const { code, stderr } = await run('plan');
    expect(code).toBe(2);
    expect(stderr).toContain(words);
    expect(stderr).toMatch(/host\.yaml:\d+:\d+/);
  });
});
