import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fact } from '../../src/facts/probes/firewall.ts';

const nft = (...items: readonly object[]): string => `##nft\n${JSON.stringify({ nftables: items })}\n`;
const chain = (name: string, more: object = {}) => ({
  chain: { family: 'inet', table: 'mine', name, ...more },
});
const input = (policy: string) => chain('in', { type: 'filter', hook: 'input', prio: 0, policy });
const rule = (name: string, ...expr: readonly object[]) => ({
  rule: { family: 'inet', table: 'mine', chain: name, expr },
});
const saddr = { match: { op: '==', left: { payload: { protocol: 'ip', field: 'saddr' } }, right: '@bad' } };
const dport = { match: { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right: 25 } };
const foreign = (output: string) => fact.parse(output).foreign.map(({ chain: name }) => name);

describe('the firewall fact', () => {
  it('finds nothing on a machine that says nothing, or nonsense', () => {
    for (const output of [
      '',
      '##nft\nnft: error\n',
      '##nft\n{"nftables": 3}\n',
      '##ufw\nx\n##firewalld\ny\n',
    ]) {
      expect(fact.parse(output)).toEqual({
        ours: { present: false },
        ufw: { state: 'absent', ipv6: false, incoming: 'drop', rules: [] },
        firewalld: { running: false, defaultZone: '', zones: [] },
        docker: false,
        forwarded: [],
        foreign: [],
        forwardFilters: [],
      });
    }
  });

  it('sees what Docker publishes, and that Docker is no firewall', () => {
    const json = readFileSync(new URL('firewall/docker.nft.json', import.meta.url), 'utf8');
    const found = fact.parse(`##nft\n${json}\n##docker\nyes\n`);
    expect(found).toMatchObject({ docker: true, forwarded: [{ protocol: 'tcp', port: 8080 }], foreign: [] });
  });

  it('knows a firewall by its policy, its rules, and where they lead', () => {
    expect(foreign(nft(input('drop')))).toEqual(['in']);
    expect(foreign(nft(input('accept')))).toEqual([]);
    expect(foreign(nft(input('accept'), rule('in', { drop: null })))).toEqual(['in']);
    expect(foreign(nft(input('accept'), rule('in', dport, { reject: null })))).toEqual(['in']);
    const leads = [input('accept'), chain('more'), rule('in', { jump: { target: 'more' } })];
    expect(foreign(nft(...leads))).toEqual([]);
    expect(foreign(nft(...leads, rule('more', { drop: null })))).toEqual(['in']);
    const loop = rule('more', { goto: { target: 'in' } });
    expect(foreign(nft(...leads, loop))).toEqual([]);
    expect(foreign(nft(chain('fwd', { type: 'filter', hook: 'forward', policy: 'drop' })))).toEqual([]);
  });

  it('does not take ban lists and guards for a firewall', () => {
    expect(foreign(nft(input('accept'), rule('in', saddr, { drop: null })))).toEqual([]);
    const limit = { limit: { rate: 9, per: 'second' } };
    expect(foreign(nft(input('accept'), rule('in', limit, { drop: null })))).toEqual([]);
    const invalid = { match: { op: 'in', left: { ct: { key: 'state' } }, right: 'invalid' } };
    expect(foreign(nft(input('accept'), rule('in', invalid, { drop: null })))).toEqual([]);
    const vmap = (key: object) => ({ vmap: { key, data: { set: [['x', { drop: null }]] } } });
    expect(foreign(nft(input('accept'), rule('in', vmap({ ct: { key: 'state' } }))))).toEqual([]);
    expect(foreign(nft(input('accept'), rule('in', vmap({ payload: {} }))))).toEqual(['in']);
    const ipset = { xt: { type: 'match', name: 'set' } };
    expect(
      foreign(nft(input('accept'), rule('in', ipset, { xt: { type: 'target', name: 'DROP' } }))),
    ).toEqual([]);
    expect(foreign(nft(input('accept'), rule('in', { xt: { type: 'target', name: 'REJECT' } })))).toEqual([
      'in',
    ]);
  });

  it('reads iptables where nft is not there, legacy tables too', () => {
    const save = `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:f2b - [0:0]
-A INPUT -p tcp -m multiport --dports 22 -j f2b
-A f2b -s 1.2.3.4/32 -j REJECT --reject-with icmp-port-unreachable
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A DOCKER ! -i docker0 -p udp -m udp --dport 5353 -j DNAT --to-destination 172.17.0.2:53
COMMIT
`;
    expect(fact.parse(`##iptables\n${save}`)).toMatchObject({
      foreign: [],
      forwarded: [{ protocol: 'udp', port: 5353 }],
    });
    expect(foreign(`##legacy\n${save}-A INPUT -j DROP\n`)).toEqual([]);
    const closed = save.replace('-A f2b', '-A INPUT -j DROP\n-A f2b');
    expect(foreign(`##legacy\n${closed}`)).toEqual(['INPUT']);
    expect(foreign(`##ip6tables\n${save.replace(':INPUT ACCEPT', ':INPUT DROP')}`)).toEqual(['INPUT']);
  });

  it('reads ufw, and takes its chains for its own', () => {
    const ufw = `##ufw
ENABLED=yes
IPV6=yes
DEFAULT_INPUT_POLICY="DROP"
### tuple ### allow any 22 0.0.0.0/0 any 0.0.0.0/0 in
### tuple ### deny tcp 80,443 0.0.0.0/0 any 10.0.0.0/8 in_eth0 comment=6d79206f776e
### tuple ### allow any any 0.0.0.0/0 any 0.0.0.0/0 out
### tuple ### route:allow any any 0.0.0.0/0 any 0.0.0.0/0 in_eth0!out_eth1
`;
    const found = fact.parse(`##iptables\n*filter\n:INPUT DROP [0:0]\nCOMMIT\n${ufw}`);
    expect(found.foreign).toEqual([]);
    expect(found.ufw).toEqual({
      state: 'active',
      ipv6: true,
      incoming: 'drop',
      rules: [
        { action: 'allow', protocol: 'any', ports: '22', from: '0.0.0.0/0', interface: '', comment: '' },
        {
          action: 'deny',
          protocol: 'tcp',
          ports: '80,443',
          from: '10.0.0.0/8',
          interface: 'eth0',
          comment: 'my own',
        },
      ],
    });
    expect(fact.parse('##ufw\nENABLED=no\n').ufw.state).toBe('inactive');
  });

  it('reads the zones of firewalld that decide about something', () => {
    const text = `##firewalld
running
DefaultZone=public

block
  target: %%REJECT%%
  interfaces: 
  sources: 

home (active)
  target: default
  interfaces: wlan0
  sources: 10.0.0.0/8 192.168.7.0/24
  services: ssh mdns
  ports: 8080/tcp
  rich rules: 

public
  target: default
  interfaces: 
  sources: 
`;
    const { running, zones } = fact.parse(text).firewalld;
    expect(running).toBe(true);
    expect(zones.map(({ name }) => name)).toEqual(['home', 'public']);
    expect(zones[0]).toMatchObject({
      interfaces: ['wlan0'],
      sources: ['10.0.0.0/8', '192.168.7.0/24'],
      ports: ['8080/tcp'],
    });
  });

  it('reads back what our own file kept', () => {
    const rules = `    tcp dport 445 accept comment "kept: smbd"
    udp dport 137 accept comment "kept:"
    tcp dport 80 accept comment "kept http"
`;
    expect(fact.parse(`##ours\n${rules}`).ours).toEqual({
      present: true,
      kept: [
        { protocol: 'tcp', port: 445, process: 'smbd' },
        { protocol: 'udp', port: 137, process: '' },
      ],
    });
    const table = {
      chain: {
        family: 'inet',
        table: 'hostwright',
        name: 'input',
        hook: 'input',
        type: 'filter',
        policy: 'drop',
      },
    };
    expect(fact.parse(nft(table))).toMatchObject({ ours: { present: true }, foreign: [] });
    expect(fact.parse(nft(table)).ours.kept).toBeUndefined();
  });
});
