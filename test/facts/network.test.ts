import { describe, expect, it } from 'vitest';
import { fact } from '../../src/facts/probes/network.ts';

interface Machine {
  links?: unknown;
  routes4?: unknown;
  routes6?: unknown;
  rest?: string;
}

/** What the script prints on a machine, with the JSON that iproute2 gave there. */
function printed({ links = [], routes4 = [], routes6 = [], rest = '' }: Machine): string {
  const json = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  return `##addresses\n${json(links)}\n\n##routes4\n${json(routes4)}\n##routes6\n${json(routes6)}\n${rest}`;
}

const lo = {
  ifindex: 1,
  ifname: 'lo',
  flags: ['LOOPBACK', 'UP', 'LOWER_UP'],
  addr_info: [{ family: 'inet', local: '127.0.0.1', prefixlen: 8, scope: 'host' }],
};
const home = {
  ifindex: 2,
  ifname: 'enp1s0',
  flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
  addr_info: [
    { family: 'inet', local: '192.168.1.20', prefixlen: 24, scope: 'global', dynamic: true },
    {
      family: 'inet6',
      local: '2001:db8:1:2:a8bb:1:2:3',
      prefixlen: 64,
      scope: 'global',
      temporary: true,
      dynamic: true,
    },
    {
      family: 'inet6',
      local: '2001:db8:1:2::20',
      prefixlen: 64,
      scope: 'global',
      dynamic: true,
      mngtmpaddr: true,
    },
    {
      family: 'inet6',
      local: '2001:db8:9::20',
      prefixlen: 64,
      scope: 'global',
      deprecated: true,
      dynamic: true,
    },
    { family: 'inet6', local: 'fe80::5054:ff:fe12:3456', prefixlen: 64, scope: 'link' },
  ],
};
const docker = {
  ifindex: 4,
  ifname: 'docker0',
  flags: ['BROADCAST', 'MULTICAST', 'UP'],
  addr_info: [{ family: 'inet', local: '172.17.0.1', prefixlen: 16, scope: 'global' }],
};
const homeRoutes = [
  { dst: 'default', gateway: '192.168.1.1', dev: 'enp1s0', protocol: 'dhcp', metric: 1024, flags: [] },
  { dst: '172.17.0.0/16', dev: 'docker0', protocol: 'kernel', scope: 'link', flags: ['linkdown'] },
  { dst: '192.168.1.0/24', dev: 'enp1s0', protocol: 'kernel', scope: 'link', flags: [] },
  { dst: '192.168.1.1', dev: 'enp1s0', protocol: 'dhcp', scope: 'link', flags: [] },
];
const homeRoutes6 = [
  { dst: '2001:db8:1:2::/64', dev: 'enp1s0', protocol: 'ra', metric: 100, flags: [] },
  { dst: 'fe80::/64', dev: 'enp1s0', protocol: 'kernel', metric: 256, flags: [] },
  { dst: 'default', gateway: 'fe80::1', dev: 'enp1s0', protocol: 'ra', metric: 100, flags: [] },
];

describe('the network fact', () => {
  it('reads a home server beside Docker', () => {
    const rest = [
      '##networkd',
      '/run/systemd/netif/links/2',
      '##NetworkManager',
      '##ifupdown',
      '##resolv-link',
      '/run/systemd/resolve/stub-resolv.conf',
      '##resolv',
      '# stub',
      'nameserver 127.0.0.53',
      'options edns0 trust-ad',
      'search home.arpa lan',
      '##resolved',
      'nameserver 192.168.1.1',
      'nameserver fe80::1%2',
    ].join('\n');
    const network = fact.parse(
      printed({ links: [lo, home, docker], routes4: homeRoutes, routes6: homeRoutes6, rest }),
    );
    expect(network.main).toMatchObject({
      name: 'enp1s0',
      manager: 'networkd',
      prefixes: ['192.168.1.0/24', '2001:db8:1:2::/64', '2001:db8:9::/64'],
      routers: ['192.168.1.1', 'fe80::1'],
    });
    expect(network.main?.addresses.map(({ address }) => address)).toEqual([
      '192.168.1.20',
      '2001:db8:1:2::20',
    ]);
    expect(network.hasLan).toBe(true);
    expect(network.resolver).toEqual({
      nameservers: ['127.0.0.53'],
      search: ['home.arpa', 'lan'],
      resolved: true,
      upstream: ['192.168.1.1', 'fe80::1%2'],
    });
  });

  it('sees that a rented server with one public address and an on-link router outside its prefix has no LAN', () => {
    const vps = {
      ifindex: 2,
      ifname: 'eth0',
      flags: ['UP'],
      addr_info: [
        { family: 'inet', local: '203.0.113.7', prefixlen: 32, scope: 'global' },
        { family: 'inet6', local: '2001:db8:77::1', prefixlen: 128, scope: 'global' },
      ],
    };
    const network = fact.parse(
      printed({
        links: [lo, vps],
        routes4: [
          { dst: 'default', gateway: '172.31.1.1', dev: 'eth0', flags: ['onlink'] },
          { dst: '172.31.1.1', dev: 'eth0', scope: 'link', flags: [] },
        ],
        routes6: [{ dst: 'default', gateway: 'fe80::1', dev: 'eth0', flags: [] }],
      }),
    );
    expect(network.hasLan).toBe(false);
    expect(network.main?.prefixes).toEqual([]);
  });

  it('takes the cheapest default route when WLAN and cable are both up, and knows NetworkManager', () => {
    const wlan = { ...home, ifindex: 3, ifname: 'wlan0' };
    const network = fact.parse(
      printed({
        links: [lo, wlan, home],
        routes4: [
          { dst: 'default', gateway: '192.168.1.1', dev: 'wlan0', metric: 600, flags: [] },
          { dst: 'default', gateway: '192.168.1.1', dev: 'enp1s0', metric: 100, flags: [] },
        ],
        rest: '##NetworkManager\n/run/NetworkManager/devices/2\n##ifupdown\nlo=lo\nwlan0=wlan0\n',
      }),
    );
    expect(network.main).toMatchObject({ name: 'enp1s0', manager: 'NetworkManager' });
    expect(network.interfaces.map(({ manager }) => manager)).toEqual([
      'ifupdown',
      'ifupdown',
      'NetworkManager',
    ]);
  });

  it('without a default route takes the only interface that is up, and none among several', () => {
    expect(fact.parse(printed({ links: [lo, home] })).main?.name).toBe('enp1s0');
    expect(fact.parse(printed({ links: [lo, home, docker] })).main).toBeUndefined();
  });

  it('understands a default route over two next hops and IPv6 alone', () => {
    const routes6 = [
      {
        dst: 'default',
        metric: 1024,
        nexthops: [
          { gateway: 'fe80::1', dev: 'enp1s0', weight: 1 },
          { gateway: 'fe80::2', dev: 'enp1s0', weight: 1 },
        ],
      },
    ];
    const network = fact.parse(printed({ links: [lo, home], routes6 }));
    expect(network.main?.routers).toEqual(['fe80::1', 'fe80::2']);
  });

  it.each([
    ['nothing at all', ''],
    ['no ip command', '##addresses\n\n##routes4\n\n##routes6\n\n'],
    [
      'an ip that knows no JSON',
      printed({ links: '2: eth0: <UP> mtu 1500', routes4: 'default via 10.0.0.1' }),
    ],
    ['truncated JSON', printed({ links: '[{"ifindex":1,"ifname":"lo"' })],
    ['empty entries', printed({ links: [{}, {}, null], routes4: [{}, 7] })],
  ])('is empty, not wrong, for %s', (_, output) => {
    expect(fact.parse(output)).toMatchObject({ interfaces: [], defaultRoutes: [], hasLan: false });
    expect(fact.parse(output).main).toBeUndefined();
  });
});
