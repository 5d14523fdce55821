import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeBoxAddress } from '../../src/lab/change-address.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { ALL_PROTOCOLS } from '../../src/lab/mapping.ts';
import { WAN } from '../../src/lab/network.ts';
import { rebootRouter } from '../../src/lab/reboot-router.ts';
import { takePorts } from '../../src/lab/take-ports.ts';
import { labUp } from '../../src/lab/up.ts';
import { type Shell, sh } from '../../src/quote.ts';
import { hostwright, summaryOf, workingFolder } from './support/hostwright.ts';
import { seeded } from './support/random.ts';
import { releasesOf } from './support/releases.ts';
import { becomeRouter } from './support/router.ts';

const random = seeded('home-router');
/** Seconds in which everything has to be reachable again, with nobody helping. */
const PATIENCE = 60;

describe.each(releasesOf('bookworm'))('a home router and a site for the internet on Debian %s', (release) => {
  const name = `router-${release}`;
  const report = () => undefined;
  const port = random(1024, 32_767);
  const taken = random(32_768, 65_535);
  const folder = workingFolder({ 'public/index.html': 'from the box\n' });

  async function on(node: 'internet' | 'phone' | 'router' | 'box', script: Shell): Promise<string> {
    const { stdout } = await labCapture({ name, node, argv: ['sh', '-us'] }, { input: script.text });
    return stdout.trim();
  }
  const get = (node: 'internet' | 'phone', from = port): Promise<string> =>
    on(node, sh`curl -s --max-time 2 ${`http://${WAN.router.v4}:${from}/`}`);
  const mappings = (): Promise<string> => on('router', sh`nft list chain inet router upnp-in`);
  const command = (...words: string[]) => hostwright(words, folder.path);

  /** Waits until a machine outside gets the page. */
  async function reachable(after: string): Promise<void> {
    const began = Date.now();
    while ((await get('internet')) !== 'from the box') {
      if (Date.now() - began > PATIENCE * 1000) {
        throw new Error(
          `not within ${PATIENCE} s: ${await on('box', sh`journalctl -u hostwright-agent -n 20`)}`,
        );
      }
      await pause(250);
    }
    process.stdout.write(`${name}: reached ${((Date.now() - began) / 1000).toFixed(1)} s after ${after}\n`);
    await expect.poll(() => get('phone'), { timeout: 5_000 }).toBe('from the box');
  }

  /** What `ports list` says of the site's port, once it is `state`. */
  async function told(state: string): Promise<{ protocol?: string; text: string }> {
    const deadline = Date.now() + PATIENCE * 1000;
    for (;;) {
      const { stdout } = await command('ports', 'list', '--json');
      const { protocol, ports = [] } = JSON.parse(stdout).router ?? {};
      if (
        ports.some(
          (one: { role: string; verdict: { state: string } }) =>
            one.role === 'blog' && one.verdict.state === state,
        )
      )
        return { protocol, text: (await command('ports', 'list')).stdout };
      if (Date.now() > deadline) throw new Error(`never ${state}: ${stdout}`);
      await pause(500);
    }
  }

  beforeAll(async () => {
    await labUp({ name, release, report });
    await takePorts(name, [taken]);
    folder.write(
      'host.yaml',
      `hostwright: 1
host: attic
connect: { lab: ${name} }
roles:
  blog: { recipe: site, domain: blog.home.test, source: ./public, port: ${port}, expose: internet, tls: none }
  shop: { recipe: site, domain: shop.home.test, source: ./public, port: ${taken}, expose: internet, tls: none }
`,
    );
  });
  afterAll(async () => {
    folder.remove();
    await labDown({ name, report });
  });

  it('passes on what the site wants in the same run, and leaves alone what another machine has', async () => {
    const applied = await command('apply', '--yes', '--no-check', '--json');
    expect({ ...summaryOf(applied), stderr: applied.stderr }).toMatchObject({ failed: 0 });
    expect(await get('internet')).toBe('from the box');
    await expect.poll(() => get('phone'), { timeout: 5_000 }).toBe('from the box');
    expect(await mappings()).toContain(`dport ${taken} dnat ip to 192.168.1.10:${taken}`);
    const { text } = await told('mapped');
    expect(text).toContain(`passes port ${port}/tcp on`);
    expect(text).toContain(`passes port ${taken}/tcp on to`);
    expect(text).toContain('left alone');
    const checked = await command('check', '--from', 'internet');
    expect(checked.code).toBe(1);
    expect(checked.stdout + checked.stderr).toMatch(/blog http .*✓ reached/);
    expect(checked.stdout + checked.stderr).toMatch(/cause: .*taken(?:.|\n)*192\.168\.1\.10/);
  });

  it('is reachable again after the router restarted, and after the box got another address', async () => {
    await rebootRouter(name);
    await reachable('the router restarted');
    const address = await changeBoxAddress(name, `192.168.1.${random(40, 69)}`);
    await reachable('the address changed');
    expect(await mappings()).toContain(`dport ${port} dnat ip to ${address}:${port}`);
  });

  it.each([
    ['nat-pmp', { upnp: false, natPmp: true, pcp: false }],
    ['pcp', { upnp: false, natPmp: false, pcp: true }],
  ])('goes on with a router that speaks %s only', async (protocol, protocols) => {
    await becomeRouter(name, protocols);
    await on('box', sh`systemctl restart hostwright-agent`);
    await reachable(`the agent met a router that speaks ${protocol} only`);
    expect(await told('mapped')).toMatchObject({ protocol });
    // By PCP miniupnpd grants two minutes at least, and nobody can take a mapping to a former address back.
    if (protocol === 'pcp') return;
    await changeBoxAddress(name, `192.168.1.${random(70, 99)}`);
    await reachable(`the address changed beside a router that speaks ${protocol} only`);
  });

  it('says what to type in where no protocol answers', async () => {
    await becomeRouter(name, { upnp: false, natPmp: false, pcp: false });
    await on('box', sh`systemctl restart hostwright-agent`);
    const { text } = await told('no-router');
    expect(text).toContain('Switch on UPnP, NAT-PMP or PCP');
    expect(text).toContain('192.168.1.1');
    expect(text).toContain(String(port));
    const checked = await command('check', '--from', 'internet');
    expect(checked.code).toBe(1);
    expect(checked.stdout + checked.stderr).toContain('cause: router-no-answer');
    await becomeRouter(name, ALL_PROTOCOLS);
    await reachable('the router came to speak all again');
  });

  it('takes the mapping back with the role', async () => {
    const removed = await command('remove', 'blog', '--yes', '--json');
    expect({ ...summaryOf(removed), stderr: removed.stderr }).toMatchObject({ failed: 0 });
    expect(await mappings()).not.toContain(`dport ${port} `);
  });
});
