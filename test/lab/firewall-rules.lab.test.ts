import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compose, endpoint, homeFacts, rulesetOf } from '../recipes/firewall/context.ts';
import { type TwoMachines, twoMachines } from './firewall/two-machines.ts';

const roles = [
  endpoint('blog', 80, 'lan'),
  endpoint('web', 443, 'internet'),
  endpoint('db', 5432, 'host'),
  endpoint('dns', 53, 'lan', 'udp'),
];

describe('our table, with real packets', { timeout: 30_000 }, () => {
  let machines: TwoMachines;
  beforeEach(async () => {
    machines = await twoMachines();
  });
  afterEach(() => machines.remove());

  it('opens each port to whom it is exposed, on both families, and nothing else', async () => {
    await machines.load(rulesetOf(compose({ endpoints: roles })));
    const reachable = await machines.reachable([
      'tcp/22',
      'tcp/80',
      'tcp/443',
      'tcp/5432',
      'udp/53',
      'udp/54',
    ]);
    expect([...reachable].sort()).toEqual([
      'internet4 tcp/22',
      'internet4 tcp/443',
      'internet6 tcp/22',
      'internet6 tcp/443',
      'lan4 tcp/22',
      'lan4 tcp/443',
      'lan4 tcp/80',
      'lan4 udp/53',
      'lan6 tcp/22',
      'lan6 tcp/443',
      'lan6 tcp/80',
      'lan6 udp/53',
    ]);
  });

  it('closes ssh to the internet but for where the connection comes from', async () => {
    const parts = compose({ input: { ssh: 'lan' }, clientAddress: '203.0.113.9' });
    await machines.load(rulesetOf(parts));
    expect([...(await machines.reachable(['tcp/22']))].sort()).toEqual([
      'internet4 tcp/22',
      'lan4 tcp/22',
      'lan6 tcp/22',
    ]);
  });

  it('takes ranges of the host file for LAN wherever they arrive', async () => {
    const network = { lan: ['203.0.113.0/24', '2001:db8:f::/64'] };
    await machines.load(rulesetOf(compose({ endpoints: roles, network })));
    expect([...(await machines.reachable(['tcp/80', 'tcp/5432']))].sort()).toEqual([
      'internet4 tcp/80',
      'internet6 tcp/80',
      'lan4 tcp/80',
      'lan6 tcp/80',
    ]);
  });

  it('lets IPv6 find its neighbours', async () => {
    await machines.load(rulesetOf(compose()));
    await machines.box('ip neigh flush dev eth0; ip -6 neigh flush dev eth0');
    await machines.far('ip neigh flush dev eth0; ip -6 neigh flush dev eth0');
    expect(await machines.reachable(['tcp/22'])).toContain('lan6 tcp/22');
    const state = await machines.box('ip -6 neigh show fd00:1::1');
    expect(state).toMatch(/lladdr/);
  });

  it('keeps connections that were open before it, in both directions', async () => {
    const far = await machines.node('far', TALKER);
    expect(await far.next()).toBe('ready');
    const box = await machines.node('box', LISTENER);
    expect(await box.next()).toBe('open');
    await machines.load(rulesetOf(compose()));
    // The far end speaks first: for a kernel that did not track this connection, a packet out of nowhere.
    far.say('late');
    expect(await box.next()).toBe('late');
    expect(await machines.box('nft list set inet hostwright open4')).toContain('192.168.1.1 . 7000');
  });

  it('hears its router answer a search, and nobody else from that port', async () => {
    await machines.load(rulesetOf(compose()));
    await machines.box('ip route add 239.0.0.0/8 dev eth0');
    const router = await machines.node('far', ROUTER);
    expect(await router.next()).toBe('ready');
    const box = await machines.node('box', SEARCHER);
    expect(await box.next()).toBe('40000 here');
  });

  it('follows the networks of the interface as they come and go', async () => {
    await machines.load(rulesetOf(compose({ endpoints: roles })));
    const monitor = await machines.start('box', 'nft', 'monitor', 'elements');
    await machines.start('box', 'sh', `${machines.folder}/firewall`, 'watch');
    await machines.box(
      'ip address add 10.44.0.20/24 dev eth0; ip address add 2001:db8:44::20/64 dev eth0 nodad',
    );
    while (!(await monitor.next()).includes('2001:db8:44::/64'));
    expect(await machines.script('check')).toEqual({ code: 0, output: '' });
    expect(await machines.box('nft list set inet hostwright lan4')).toContain('10.44.0.0/24');
    await machines.box('ip address del 10.44.0.20/24 dev eth0');
    while (!/delete element .*10\.44\.0\.0\/24/.test(await monitor.next()));
    await machines.script('check');
    expect(await machines.box('nft list set inet hostwright lan4')).not.toContain('10.44');
  });

  it('notices a rule that was deleted by hand, and a network that changed', async () => {
    await machines.load(rulesetOf(compose({ endpoints: roles })));
    expect(await machines.script('check')).toEqual({ code: 0, output: '' });
    await machines.box('nft flush chain inet hostwright anyone');
    const { code, output } = await machines.script('check');
    expect(code).toBe(1);
    expect(output).toMatch(/^\+\s+tcp dport 443 accept comment "web main"$/m);
    await machines.script('load');
    await machines.box('nft flush set inet hostwright lan4');
    expect((await machines.script('check')).output).toContain('192.168.1.0/24');
  });

  it('is valid for any roles, listeners and ranges', async () => {
    const port = fc.integer({ min: 1, max: 65_535 });
    const protocol = fc.constantFrom('tcp' as const, 'udp' as const);
    const expose = fc.constantFrom('host' as const, 'lan' as const, 'internet' as const);
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,40}$/);
    const process = fc.string({ minLength: 1 }).filter((text) => !/[\n\0]/.test(text));
    const property = fc.asyncProperty(
      fc.array(fc.tuple(name, port, expose, protocol), { maxLength: 30 }),
      fc.array(fc.tuple(protocol, port, process), { maxLength: 10 }),
      fc.subarray([
        '10.0.0.0/8',
        '192.168.7.0/24',
        '10.1.0.0/16',
        'fd12::/48',
        'fd12::/64',
        '0.0.0.0/0',
        '::/0',
      ]),
      fc.boolean(),
      async (roles, listening, lan, ping) => {
        const sockets = listening.map(
          ([protocol, number, program]) =>
            `${protocol} UNCONN 0 0 0.0.0.0:${number} 0.0.0.0:* users:(("${program}",pid=7,fd=3))`,
        );
        const parts = compose({
          endpoints: roles.map(([role, ...rest]) => endpoint(role, ...rest)),
          facts: homeFacts(sockets),
          network: { lan },
          clientAddress: '198.51.100.7',
          input: { ping, ssh: 'lan' },
        });
        await machines.load(rulesetOf(parts));
        expect(await machines.script('check')).toEqual({ code: 0, output: '' });
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  it('touches no other table, also when it goes', async () => {
    const foreign = 'table ip theirs { chain c { type filter hook forward priority 0; policy drop; }; }';
    await machines.box(`nft '${foreign}'`);
    const before = await machines.box('nft list ruleset');
    await machines.load(rulesetOf(compose()));
    await machines.load(rulesetOf(compose({ endpoints: roles })));
    expect(await machines.box('nft list table ip theirs')).toBe(before);
    expect((await machines.script('unload')).code).toBe(0);
    expect((await machines.script('unload')).code).toBe(0);
    expect(await machines.box('nft list ruleset')).toBe(before);
  });
});

/** Accepts one connection, and passes on to it what it is told. */
const TALKER = `
const net = require('node:net');
net.createServer((s) => process.stdin.on('data', (d) => s.write(d))).listen(7000, '192.168.1.1', () => console.log('ready'));`;

const LISTENER = `
const s = require('node:net').connect(7000, '192.168.1.1', () => console.log('open'));
s.on('data', (d) => console.log(String(d)));`;

/** Answers a search from another address than was asked; also sends to a port that did not search. */
const ROUTER = `
const dgram = require('node:dgram');
const s = dgram.createSocket({ type: 'udp4', reuseAddr: true });
const out = dgram.createSocket('udp4');
s.on('message', (m, from) => out.bind(1900, '192.168.1.1', () =>
  out.send('here', 40001, from.address, () => out.send('here', from.port, from.address))));
s.bind(1900, '239.255.255.250', () => { s.addMembership('239.255.255.250', '192.168.1.1'); console.log('ready'); });`;

const SEARCHER = `
const dgram = require('node:dgram');
const other = dgram.createSocket('udp4').bind(40001, '192.168.1.20');
const s = dgram.createSocket('udp4');
for (const each of [other, s]) each.on('message', (m) => console.log(each.address().port + ' ' + m));
s.bind(40000, '192.168.1.20', () => s.send('M-SEARCH', 1900, '239.255.255.250'));`;
