import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { hostwright, summaryOf, type WorkingFolder, workingFolder } from './support/hostwright.ts';
import { releasesOf } from './support/releases.ts';

const LAB = 'dns-update-test';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MINUTES = 60_000;
const CHALLENGE = '_acme-challenge.example.org';

async function on(node: 'box' | 'phone' | 'internet' | 'router', script: string): Promise<string> {
  const { code, stdout, stderr } = await labCapture(
    { name: LAB, node, argv: ['sh', '-es'] },
    { input: script },
  );
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}\n${stdout}`);
  return stdout.trim();
}

/** Runs a script of ours on the box, by Debian's own Node, and returns what it gives. */
async function asAgent(script: string): Promise<unknown> {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node18',
    format: 'cjs',
  });
  const program = outputFiles[0]?.text ?? '';
  const { code, stdout, stderr } = await labCapture(
    {
      name: LAB,
      node: 'box',
      argv: ['setpriv', '--reuid=hostwright-agent', '--regid=hostwright-agent', '--init-groups', 'node', '-'],
    },
    { input: program },
  );
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(stdout) as unknown;
}

const ROLES = `roles:
  firewall: {}
  dns:
    forwarders: [192.168.1.1]
    expose: internet
    zones:
      - name: example.org
        public: true
        records: [{ name: attic, type: A, value: 203.0.113.2 }]
      - { name: dyn.home.arpa, update: [home] }
  app:
    recipe: proxy
    to: http://192.168.1.31:8096
    domain: example.org
    tls: { acme: "https://ca.home.arpa/directory", challenge: dns, names: ["*.example.org"] }
  home:
    recipe: ddns
    names: [attic.dyn.home.arpa]
    provider: { key: home }
`;

/** What the server says to updates that are as they should be, and to others. */
const UPDATES = (secret: string, value: string) => `
import { update } from './src/dns/update.ts';
import { findZone } from './src/dns/query.ts';
import { serversOf, waitUntilServed } from './src/dns/served.ts';
const zone = '${CHALLENGE}';
const key = { name: 'hostwright-acme', algorithm: 'hmac-sha256' as const, secret: '${secret}' };
const at = { server: '127.0.0.1', port: 53, zone, key };
const change = { do: 'add' as const, name: zone, type: 'TXT' as const, data: '${value}', ttl: 60 };
const tried = async (other: object, changes: readonly object[] = [change]) =>
  update({ ...at, ...other }, changes as never).then(() => 'done', (error) => error.why + ': ' + error.detail);
(async () => {
  const early = Date.now;
  const told = {
    good: await tried({}),
    wrongSecret: await tried({ key: { ...key, secret: 'AAAA' } }),
    unknownKey: await tried({ key: { ...key, name: 'nobody' } }),
    unsigned: await tried({ key: undefined }),
    otherZone: await tried({ zone: 'example.org' }),
    noZone: await tried({ zone: 'example.net' }),
    outside: await tried({}, [{ ...change, name: 'www.example.com' }]),
    noText: await tried({}, [{ ...change, type: 'A', data: '192.0.2.1' }]),
    found: await findZone(at, zone),
    above: await findZone(at, 'a.b.example.org'),
    servers: (await serversOf(at, zone)).length,
    served: (await waitUntilServed([at], zone, '${value}', 5)).everywhere,
  };
  Date.now = () => early() - 1_000_000;
  const clock = await tried({});
  console.log(JSON.stringify({ ...told, clock }));
})();`;

/** Looks after names once, as the resident process does. */
const LOOK = `
import { keepDdns } from './src/agent/ddns/keep.ts';
(async () => {
  const told: string[] = [];
  const ddns = keepDdns({ routerAddress: async () => '203.0.113.2', tell: (text) => told.push(text) });
  await ddns.look();
  await ddns.look();
  ddns.stop();
  console.log(JSON.stringify(told));
})();`;

describe.each(releasesOf('bookworm'))('signed updates of BIND on %s', (release) => {
  let folder: WorkingFolder;
  const secret = async (name: string): Promise<string> =>
    (await hostwright(['secrets', 'show', name, '--yes'], folder.path)).stdout.trim();

  beforeAll(async () => {
    await labUp({ name: LAB, release, report: () => undefined });
    folder = workingFolder();
    folder.write('host.yaml', `host: attic\nconnect: { lab: ${LAB} }\n${ROLES}`);
    const finished = await hostwright(['apply', '--yes', '--json', '--no-check'], folder.path);
    expect(summaryOf(finished), finished.stdout).toMatchObject({ failed: 0 });
    await on(
      'box',
      'command -v node >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends nodejs >/dev/null 2>&1',
    );
  }, 10 * MINUTES);
  afterAll(async () => {
    folder?.remove();
    await labDown({ name: LAB, report: () => undefined });
  });

  it('are taken with the right key only, and seen from the internet', { timeout: 5 * MINUTES }, async () => {
    const key = await secret('dns/tsig-hostwright-acme');
    const value = `value-${Date.now()}`;
    expect(await asAgent(UPDATES(key, value))).toEqual({
      good: 'done',
      wrongSecret: 'bad-signature: 127.0.0.1 answers BADSIG',
      unknownKey: 'bad-key: 127.0.0.1 answers BADKEY',
      unsigned: 'refused: 127.0.0.1 answers REFUSED',
      otherZone: 'refused: 127.0.0.1 answers REFUSED',
      noZone: 'not-authoritative: 127.0.0.1 answers NOTAUTH',
      outside: 'not-in-zone: 127.0.0.1 answers NOTZONE',
      noText: 'refused: 127.0.0.1 answers REFUSED',
      clock: 'bad-time: 127.0.0.1 answers BADTIME',
      found: CHALLENGE,
      above: 'example.org',
      servers: expect.any(Number),
      served: true,
    });
    // What a person sets up in the router.
    await on(
      'router',
      `nft add rule ip router-nat prerouting ip daddr 203.0.113.2 meta l4proto '{ tcp, udp }' th dport 53 dnat to 192.168.1.20
nft add rule inet router forward meta l4proto '{ tcp, udp }' th dport 53 accept`,
    );
    const dig = (words: string) => on('internet', `dig @203.0.113.2 +short +time=3 ${words}`);
    expect(await dig(`${CHALLENGE} TXT`)).toBe(`"${value}"`);
    expect(await dig(`${CHALLENGE} NS`)).toBe('attic.example.org.');
    expect(await on('phone', `dig @192.168.1.20 +short ${CHALLENGE} TXT`)).toBe(`"${value}"`);
    // Another program, by the same key.
    const gone = `printf 'server 127.0.0.1\\nupdate delete ${CHALLENGE} TXT\\nsend\\n' | nsupdate -y hmac-sha256:hostwright-acme:${key} 2>&1`;
    expect(await on('phone', gone.replace('127.0.0.1', '192.168.1.20'))).toBe('');
    expect(await dig(`${CHALLENGE} TXT`)).toBe('');
  });

  it('keep a name leading to the host, written once', { timeout: 5 * MINUTES }, async () => {
    // The agent itself, which asks the lab's router for its address.
    const shown = async (type: string) => on('phone', `dig @192.168.1.20 +short attic.dyn.home.arpa ${type}`);
    await expect.poll(() => shown('AAAA'), { timeout: 30_000, interval: 1_000 }).toMatch(/^2001:/);
    const state = 'cat /var/lib/hostwright-agent/state/ddns/home.json';
    await expect.poll(() => on('box', state), { timeout: 30_000, interval: 1_000 }).toContain('"current"');
    expect(await shown('A')).toBe('203.0.113.2');
    await on('box', 'systemctl stop hostwright-agent; rm -r /var/lib/hostwright-agent/state/ddns');
    const told = (await asAgent(LOOK)) as string[];
    const own = await on('box', 'ip -6 -o addr show scope global');
    expect(await shown('A')).toBe('203.0.113.2');
    const six = await shown('AAAA');
    expect(six).toMatch(/^2001:/);
    expect(own).toContain(`${six}/`);
    expect(
      told.filter((text) => text === `attic.dyn.home.arpa: 203.0.113.2 and ${six} in the DNS.`).length,
    ).toBeLessThan(2);
    const files = await on(
      'box',
      'stat -c "%a %U %G" /etc/hostwright/agent/ddns.d/home.json; cat /var/lib/hostwright-agent/state/ddns/home.json',
    );
    expect(files).toContain('640 root hostwright-agent');
    expect(files).toContain('"current"');
    expect(files).not.toContain(await secret('dns/tsig-home'));
  });
});
