import { describe, expect, it } from 'vitest';
import { HostError } from '../../../src/errors.ts';
import {
  compose,
  endpoint,
  factsOf,
  homeFacts,
  networkOutput,
  ruleLines,
  rulesetOf,
  SSHD,
} from './context.ts';

const SMBD = 'tcp LISTEN 0 50 0.0.0.0:445 0.0.0.0:* users:(("smbd",pid=7,fd=3))';
const levels = (parts: ReturnType<typeof compose>, level: string) =>
  (parts.notes ?? []).filter((note) => note.level === level).map(({ text }) => text);

describe('the firewall', () => {
  it('opens each port once, for the widest of those who share it', () => {
    const lines = ruleLines(
      compose({
        endpoints: [
          endpoint('blog', 80, 'lan'),
          endpoint('shop', 80, 'internet'),
          endpoint('wiki', 8080, 'lan'),
          endpoint('notes', 8080, 'lan'),
          endpoint('db', 5432, 'host'),
        ],
      }),
    );
    expect(lines.filter((line) => line.includes('dport 80 '))).toEqual([
      'tcp dport 80 accept comment "shop main"',
    ]);
    expect(lines).toContain('tcp dport 8080 accept comment "wiki main, notes main"');
    expect(lines.some((line) => line.includes('5432'))).toBe(false);
  });

  it('opens ranges, to each firewall in its own words, and keeps nothing that lies in one', () => {
    const range = { ...endpoint('ftp', 21_000, 'lan'), lastPort: 21_019 };
    const within = SMBD.replace('445', '21005');
    const own = compose({ facts: homeFacts([within]), endpoints: [range, endpoint('odd', 21_003, 'lan')] });
    expect(ruleLines(own)).toContain('tcp dport 21000-21019 accept comment "ftp main"');
    expect(levels(own, 'keep').join()).not.toContain('21005');
    expect(levels(own, 'warning').join()).toContain('tcp 21005 (smbd) listens already');
    expect(() => compose({ endpoints: [range], input: { close: ['21019/tcp'] } })).toThrow(
      'is a port of the role ftp',
    );
    expect(() => compose({ endpoints: [range], input: { close: ['21020/tcp'] } })).not.toThrow();
    const open = compose({ endpoints: [{ ...range, expose: 'internet' }, endpoint('odd', 21_003, 'lan')] });
    expect(ruleLines(open).some((line) => line.includes('21003'))).toBe(false);
  });

  it('keeps what listens the first time, and what it kept from then on', () => {
    const first = compose({ facts: homeFacts([SMBD]) });
    expect(ruleLines(first)).toContain('tcp dport 445 accept comment "kept: smbd"');
    expect(levels(first, 'keep').join()).toContain('tcp 445 (smbd)');
    const other = SMBD.replace('445', '8096').replace('smbd', 'jellyfin');
    const later = compose({ facts: homeFacts([other], `##ours\n${rulesetOf(first).rules}`) });
    expect(rulesetOf(later).rules).toBe(rulesetOf(first).rules);
    expect(levels(later, 'close')).toEqual([
      'tcp 8096 (jellyfin) is closed to other machines; `keep: [8096/tcp]` under the firewall opens it.',
    ]);
  });

  it('closes what it is told to, and everything when it is told that', () => {
    for (const given of [{ input: { close: [445] } }, { closeUnlisted: true }]) {
      const parts = compose({ facts: homeFacts([SMBD]), ...given });
      expect(ruleLines(parts).some((line) => line.includes('445'))).toBe(false);
      expect(levels(parts, 'close').join()).toContain('tcp 445 (smbd) will be closed');
    }
  });

  it('says when a role closes a port that was open', () => {
    const given = { facts: homeFacts([SMBD]), endpoints: [endpoint('files', 445, 'lan')] };
    expect(levels(compose(given), 'warning').join()).toContain('tcp 445 (smbd) listens already');
    const open = compose({ ...given, endpoints: [endpoint('files', 445, 'internet')] });
    expect(levels(open, 'warning')).toEqual([]);
  });

  it.each([
    ['a machine at home', ['192.168.1.20/24'], true],
    ['a rented server', ['198.51.100.7/24', '2001:db8::7/64'], false],
    [
      'a rented server with a private address beside the public one',
      ['198.51.100.7/24', '10.19.0.5/16'],
      false,
    ],
  ])('knows whether %s has a LAN', (_, addresses, has) => {
    const ss = `##sockets\n${SSHD}\n`;
    const facts = factsOf({ network: networkOutput(...addresses), listeners: ss });
    const parts = compose({ facts, endpoints: [endpoint('blog', 80, 'lan')] });
    expect(ruleLines(parts).some((line) => line.startsWith('iifname { "eth0" }'))).toBe(has);
    expect(rulesetOf(parts).watcher !== undefined).toBe(has);
    expect(levels(parts, 'warning').join().includes('on no private network')).toBe(!has);
  });

  it('takes the interface that the host file pins', () => {
    const lines = ruleLines(compose({ network: { lan: [], interface: 'br0' } }));
    expect(lines).toContain('iifname { "br0" } ip saddr @lan4 jump lan');
    expect(() => compose({ network: { lan: [], interface: 'e"; drop' } })).toThrow(HostError);
  });

  it('never closes ssh to where the connection comes from', () => {
    const lines = (clientAddress: string) => ruleLines(compose({ input: { ssh: 'lan' }, clientAddress }));
    expect(lines('198.51.100.9')).toContain('ip saddr { 198.51.100.9/32 } jump administrator');
    expect(lines('2001:db8:9::9')).toContain('ip6 saddr { 2001:db8:9::9/128 } jump administrator');
    for (const near of ['192.168.1.77', '::ffff:192.168.1.77', 'fd00:1::77', 'fe80::7%eth0', '127.0.0.1']) {
      expect(lines(near).some((line) => line.includes('administrator'))).toBe(false);
    }
  });

  it('does not come in the way of lease clients, loopback listeners and ssh', () => {
    const sockets = [
      'udp UNCONN 0 0 192.168.1.20%eth0:68 0.0.0.0:* users:(("systemd-network",pid=2,fd=3))',
      'tcp LISTEN 0 5 127.0.0.1:6379 0.0.0.0:* users:(("redis",pid=3,fd=3))',
    ];
    const parts = compose({ facts: homeFacts(sockets) });
    expect(ruleLines(parts).some((line) => line.includes('kept:'))).toBe(false);
    expect(levels(parts, 'keep')).toEqual([expect.stringContaining('tcp 22 (ssh)')]);
  });

  it('refuses a second firewall and prints what to add to the first', () => {
    const chain = {
      family: 'ip',
      table: 'filter',
      name: 'INPUT',
      type: 'filter',
      hook: 'input',
      policy: 'drop',
    };
    const facts = homeFacts([], `##nft\n${JSON.stringify({ nftables: [{ chain }] })}\n`);
    const given = { facts, endpoints: [endpoint('blog', 80, 'lan'), endpoint('web', 443, 'internet')] };
    expect(() => compose(given)).toThrow(
      /made by hand \(chain INPUT of table ip filter: its policy is drop\)/,
    );
    const hint = hintOf(() => compose(given));
    expect(hint).toContain('ip saddr { 192.168.1.0/24 } tcp dport 80 accept comment "blog main"');
    expect(hint).toContain('ip6 saddr { fd00:1::/64 } tcp dport 80 accept comment "blog main"');
    expect(hint).toContain('    tcp dport 443 accept comment "web main"');
  });

  it('puts its rules into ufw, and takes its own table away', () => {
    const facts = homeFacts([], '##ufw\nENABLED=yes\nIPV6=yes\n##ours\ntable inet hostwright\n');
    const parts = compose({
      facts,
      endpoints: [endpoint('blog', 80, 'lan'), endpoint('web', 443, 'internet')],
    });
    expect(parts.resources.map(({ id, guarded }) => [id, guarded])).toEqual([
      ['ufw:hostwright', true],
      ['ruleset:inet-hostwright', true],
    ]);
    const spec = parts.resources[0]?.spec as UfwRules | undefined;
    expect(spec?.rules.map(({ port, from, interface: dev }) => [port, from, dev])).toEqual([
      [80, '192.168.1.0/24', 'eth0'],
      [80, 'fd00:1::/64', 'eth0'],
      [80, 'fe80::/10', 'eth0'],
      [443, 'any', ''],
    ]);
  });

  it('says what the rules of ufw that are not ours do to a port', () => {
    const tuples = `### tuple ### deny tcp 80 0.0.0.0/0 any 0.0.0.0/0 in
### tuple ### allow any 8000:9000 0.0.0.0/0 any 0.0.0.0/0 in
`;
    const facts = homeFacts([], `##ufw\nENABLED=yes\nDEFAULT_INPUT_POLICY="ACCEPT"\n${tuples}`);
    const parts = compose({
      facts,
      endpoints: [endpoint('blog', 80, 'lan'), endpoint('wiki', 8080, 'lan')],
      input: { ssh: 'lan', close: [445] },
    });
    const warnings = levels(parts, 'warning').join('\n');
    expect(warnings).toContain('refuses tcp 80 (blog main)');
    expect(warnings).toContain('lets everybody reach tcp 8080 (wiki main)');
    expect(warnings).toContain('nothing is closed');
    expect(warnings).toContain('ssh: lan has no effect');
    expect(warnings).toContain('Closing ports has no effect');
  });

  it('puts its rules into every zone of firewalld that strangers come through', () => {
    const zone = (name: string, target: string, interfaces: string, sources: string) =>
      `${name}\n  target: ${target}\n  interfaces: ${interfaces}\n  sources: ${sources}\n`;
    const zones = [
      zone('public', 'default', '', ''),
      zone('vpn', 'default', '', '10.8.0.0/24'),
      zone('bad', 'DROP', '', '203.0.113.0/24'),
      zone('docker', 'ACCEPT', 'docker0', ''),
    ].join('\n');
    const facts = homeFacts([], `##firewalld\nrunning\nDefaultZone=public\n\n${zones}`);
    const ids = compose({ facts, endpoints: [endpoint('blog', 80, 'lan')] }).resources.map(({ id }) => id);
    expect(ids).toEqual(['firewalld:public', 'firewalld:vpn']);
    const bound = facts.firewall.firewalld.zones.map((each) =>
      each.name === 'vpn' ? { ...each, interfaces: ['eth0'] } : each,
    );
    const firewall = { ...facts.firewall, firewalld: { ...facts.firewall.firewalld, zones: bound } };
    const there = compose({ facts: { ...facts, firewall } }).resources.map(({ id }) => id);
    expect(there).toEqual(['firewalld:vpn']);
  });

  it('refuses ufw and firewalld at the same time', () => {
    const facts = homeFacts([], '##ufw\nENABLED=yes\n##firewalld\nrunning\n');
    expect(() => compose({ facts })).toThrow(/both active/);
  });

  it('gives the same rules for the same machine, in whatever order it is described', () => {
    const endpoints = [
      endpoint('a', 80, 'lan'),
      endpoint('b', 22222, 'internet'),
      endpoint('c', 53, 'lan', 'udp'),
    ];
    const there = rulesetOf(compose({ endpoints, network: { lan: ['10.0.0.0/8', 'fd12::/48'] } }));
    const back = rulesetOf(
      compose({ endpoints: endpoints.toReversed(), network: { lan: ['fd12::/48', '10.0.0.0/8'] } }),
    );
    expect(back).toEqual(there);
  });
});

function hintOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof HostError) return error.hint ?? '';
    throw error;
  }
  throw new Error('nothing was refused');
}

interface UfwRules {
  readonly rules: readonly { readonly port: number; readonly from: string; readonly interface: string }[];
}
