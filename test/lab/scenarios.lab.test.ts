import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { changeBoxAddress } from '../../src/lab/change-address.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { LAN, WAN } from '../../src/lab/network.ts';
import type { NodeName } from '../../src/lab/places.ts';
import { rebootRouter } from '../../src/lab/reboot-router.ts';
import type { ScenarioName } from '../../src/lab/scenarios.ts';
import { readLab } from '../../src/lab/state.ts';
import { labUp } from '../../src/lab/up.ts';
import { type Shell, sh } from '../../src/quote.ts';
import { ssh } from './support/laptop.ts';
import { seeded } from './support/random.ts';
import { releasesOf } from './support/releases.ts';

const name = 'scenarios';
const report = () => undefined;
const random = seeded(name);

async function on(node: NodeName, script: Shell): Promise<string> {
  const { code, stdout, stderr } = await labCapture(
    { name, node, argv: ['sh', '-eus'] },
    { input: script.text },
  );
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}\n${stdout}`);
  return stdout.trim();
}

/** What the router answers to a datagram on the port of NAT-PMP and PCP, as hexadecimal bytes. */
const ask = (bytes: string): Promise<string> =>
  on('laptop', sh`printf ${bytes} | nc -u -w 1 ${LAN.router.v4} 5351 | od -An -v -tx1 | tr -d '\n'`);
/** Which protocols of the router answer: for the public address (RFC 6886 section 3.2), an announcement (RFC 6887 section 14.1). */
async function answers(): Promise<object> {
  const [natPmp, pcp, upnp] = await Promise.all([
    ask('\\0\\0'),
    ask(`\\2\\0\\0\\0${'\\0'.repeat(14)}\\377\\377\\300\\250\\1\\12`),
    on('laptop', sh`curl -s --max-time 2 ${`http://${LAN.router.v4}:5000/rootDesc.xml`} || :`),
  ]);
  return {
    natPmp: natPmp.startsWith('00 80 00 00'),
    pcp: pcp.startsWith('02 80 00 00'),
    upnp: upnp.includes('InternetGatewayDevice'),
  };
}

/** Has a machine serve one line, again and again. */
const serve = (node: NodeName, port: number): Promise<string> =>
  on(
    node,
    sh`(while :; do printf 'HTTP/1.0 200 OK\r\n\r\nI am ${node}\n' | nc -N -l -p ${port}; done) >/dev/null 2>&1 &`,
  );
const get = (node: NodeName, port: number): Promise<string> =>
  on(
    node,
    sh`curl -s --max-time 10 --connect-timeout 2 --retry 3 --retry-all-errors --retry-delay 1 ${`http://${WAN.router.v4}:${port}/`} || :`,
  );

describe('a router that answers not everything', () => {
  afterEach(() => labDown({ name, report }));

  it.each<[ScenarioName, object]>([
    ['upnp-off', { natPmp: false, pcp: false, upnp: false }],
    ['natpmp-only', { natPmp: true, pcp: false, upnp: false }],
    ['pcp-only', { natPmp: false, pcp: true, upnp: false }],
  ])('plays %s', async (scenario, expected) => {
    await labUp({ name, release: 'bookworm', scenario, report });
    expect(await readLab(name)).toMatchObject({ scenario });
    expect(await answers()).toEqual(expected);
  });

  it('plays port-taken-by-other, reached from outside and, by the public address, from the LAN', async () => {
    const scenario = 'port-taken-by-other';
    await labUp({ name, release: 'bookworm', scenario, report });
    await expect(labUp({ name, release: 'bookworm', report })).rejects.toThrow(`the scenario ${scenario}`);
    const rules = await on('router', sh`nft list chain inet router upnp-in`);
    expect(rules).toMatch(
      /dport 80 dnat ip to 192\.168\.1\.10:80\n(?:.|\n)*dport 443 .*192\.168\.1\.10:443\n/,
    );
    expect(await answers()).toEqual({ natPmp: true, pcp: true, upnp: true });
    await serve('laptop', 80);
    expect(await get('internet', 80)).toBe('I am laptop');
    expect(await get('phone', 80)).toBe('I am laptop');
    expect(await get('laptop', 80)).toBe('I am laptop');
  });
});

describe.each(releasesOf('bookworm'))('trouble in an ordinary home with Debian %s', (release) => {
  beforeAll(() => labUp({ name, release, report }));
  afterAll(() => labDown({ name, report }));

  it('restarts the router, which has forgotten its mappings and answers everybody again', async () => {
    const port = random(1024, 65_535);
    const open = sh`upnpc -i -a 192.168.1.10 8080 ${port} TCP | grep -q 'is redirected'`;
    await serve('laptop', 8080);
    await on('laptop', open);
    expect([await get('internet', port), await get('phone', port)]).toEqual(['I am laptop', 'I am laptop']);
    const began = Date.now();
    await rebootRouter(name);
    process.stdout.write(`${name}: the router was back after ${Date.now() - began} ms\n`);
    expect(await on('router', sh`nft list ruleset | grep -c dnat.ip.to || :`)).toBe('0');
    expect(await get('internet', port)).toBe('');
    expect(await answers()).toEqual({ natPmp: true, pcp: true, upnp: true });
    await on('laptop', open);
    expect([await get('internet', port), await get('phone', port)]).toEqual(['I am laptop', 'I am laptop']);
    expect(await on('phone', sh`dig +short internet.test; ping -c 1 -W 2 ${WAN.internet.v6}`)).toContain(
      WAN.internet.v4,
    );
  });

  it('gives the box another address, by which connections and names lead to it', async () => {
    const first = `192.168.1.${random(40, 69)}`;
    const second = `192.168.1.${random(70, 99)}`;
    for (const address of [first, second]) {
      expect(await changeBoxAddress(name, address)).toBe(address);
      expect(await on('phone', sh`dig +short box.home.arpa`)).toBe(address);
      expect(await on('box', sh`ip -o -4 address show dev eth0`)).toContain(`${address}/24`);
      const lab = await readLab(name);
      expect(lab.nodes[0]).toMatchObject({ name: 'box', ssh: { host: address } });
      expect(await ssh(lab, { user: 'root' }, 'hostname')).toMatchObject({ code: 0, stdout: 'box\n' });
    }
    await expect(changeBoxAddress(name, '192.168.1.10')).rejects.toThrow('cannot be the box');
  });
});
