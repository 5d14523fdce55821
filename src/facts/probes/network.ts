import { z } from 'zod';
import { sh } from '../../quote.ts';
import { canonicalAddress, type Family, familyOf, isPrivateAddress, networkOf } from '../address.ts';
import { defineFact } from '../probe.ts';
import { sections } from '../sections.ts';

/** One address of an interface. */
export interface InterfaceAddress {
  /** Canonical text, no zone and no prefix length. */
  readonly address: string;
  readonly family: Family;
  readonly prefixLength: number;
  /** `global`, `site`, `link` or `host`, as ip-address(8) says. */
  readonly scope: string;
  /** A privacy address (RFC 8981): it changes, never bind to it or publish it. */
  readonly temporary: boolean;
  /** Learned by DHCP or router advertisement: it may change. */
  readonly dynamic: boolean;
  /** Not used for new connections any more. */
  readonly deprecated: boolean;
}

/** What configures an interface. */
export type NetworkManager = 'networkd' | 'NetworkManager' | 'ifupdown' | 'unknown';

export interface NetworkInterface {
  readonly name: string;
  readonly loopback: boolean;
  readonly up: boolean;
  readonly manager: NetworkManager;
  readonly addresses: readonly InterfaceAddress[];
}

export interface DefaultRoute {
  readonly family: Family;
  /** The router's address; absent on point-to-point links. */
  readonly via?: string;
  readonly interface: string;
  readonly metric: number;
}

/** The interface through which other machines reach this one: it has the default route, else it is the only one up. */
export interface MainInterface {
  readonly name: string;
  readonly manager: NetworkManager;
  /** Lasting addresses that others can use: not temporary, deprecated or link-local. IPv4 first. */
  readonly addresses: readonly InterfaceAddress[];
  /** Networks directly on this link now, as CIDR. IPv6 prefixes come and go: never write them down. */
  readonly prefixes: readonly string[];
  readonly routers: readonly string[];
}

export interface Resolver {
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  /** /etc/resolv.conf leads to systemd-resolved. */
  readonly resolved: boolean;
  /** Servers that systemd-resolved asks in turn; empty without it. */
  readonly upstream: readonly string[];
}

/** The host's network as it is now. Everything is empty when `ip` could not be asked. */
export interface Network {
  readonly interfaces: readonly NetworkInterface[];
  readonly defaultRoutes: readonly DefaultRoute[];
  readonly main?: MainInterface;
  /**
   * Whether the main interface is on a private network (RFC 1918 or unique local addresses).
   * A rented server with public addresses only has none.
   */
  readonly hasLan: boolean;
  readonly resolver: Resolver;
}

export const fact = defineFact<Network>({
  // JSON of iproute2 (Debian ≥ 10); the manager of a link is read from the managers' own run-time state, which starts no process each.
  script: sh`echo '##addresses'; ip -j address show 2>/dev/null; echo
echo '##routes4'; ip -j -4 route show 2>/dev/null; echo
echo '##routes6'; ip -j -6 route show 2>/dev/null; echo
echo '##networkd'; grep -ls '^ADMIN_STATE=\(configured\|configuring\)' /run/systemd/netif/links/* 2>/dev/null
echo '##NetworkManager'; grep -ls '^managed=true' /run/NetworkManager/devices/* 2>/dev/null
echo '##ifupdown'; cat /run/network/ifstate 2>/dev/null
echo '##resolv-link'; readlink -f /etc/resolv.conf 2>/dev/null
echo '##resolv'; cat /etc/resolv.conf 2>/dev/null; echo
echo '##resolved'; cat /run/systemd/resolve/resolv.conf 2>/dev/null
true`,
  parse(output) {
    const part = sections(output);
    const links = readJson(part('addresses'), Link);
    const routes = [
      ...readJson(part('routes4'), Route).map((route) => ({ ...route, family: 4 as const })),
      ...readJson(part('routes6'), Route).map((route) => ({ ...route, family: 6 as const })),
    ];
    const manager = managerOf(part);
    const interfaces = links.map((link) => toInterface(link, manager(link)));
    const defaultRoutes = routes.filter(({ dst }) => dst === 'default').flatMap(toDefaultRoutes);
    const main = findMain(interfaces, defaultRoutes, routes);
    return {
      interfaces,
      defaultRoutes,
      ...(main ? { main } : {}),
      hasLan: main?.addresses.some(({ address }) => isPrivateAddress(address)) ?? false,
      resolver: toResolver(part),
    };
  },
});

const Address = z.object({
  family: z.string(),
  local: z.string(),
  prefixlen: z.number(),
  scope: z.string().catch('global'),
  temporary: z.boolean().catch(false),
  dynamic: z.boolean().catch(false),
  deprecated: z.boolean().catch(false),
});
const Link = z.object({
  ifindex: z.number(),
  ifname: z.string(),
  flags: z.array(z.string()).catch([]),
  addr_info: z.array(z.unknown()).catch([]),
});
const NextHop = z.object({ gateway: z.string().optional(), dev: z.string() });
const Route = z.object({
  dst: z.string(),
  gateway: z.string().optional(),
  dev: z.string().optional(),
  metric: z.number().catch(0),
  type: z.string().optional(),
  nexthops: z.array(NextHop).catch([]),
});
type Link = z.infer<typeof Link>;
type AnyRoute = z.infer<typeof Route> & { readonly family: Family };

/** Entries that do not look as expected are left out: some releases print `{}` for what a filter dropped. */
function readJson<Schema extends z.ZodType>(text: string, schema: Schema): z.output<Schema>[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return [];
  }
  return Array.isArray(parsed) ? parsed.flatMap((entry: unknown) => schema.safeParse(entry).data ?? []) : [];
}

function toInterface(link: Link, manager: NetworkManager): NetworkInterface {
  const addresses = link.addr_info.flatMap((entry): InterfaceAddress[] => {
    const { data } = Address.safeParse(entry);
    const family = data && familyOf(data.local);
    if (!data || !family) return [];
    const { scope, temporary, dynamic, deprecated } = data;
    const address = canonicalAddress(data.local);
    return [{ address, family, prefixLength: data.prefixlen, scope, temporary, dynamic, deprecated }];
  });
  const loopback = link.flags.includes('LOOPBACK');
  return { name: link.ifname, loopback, up: link.flags.includes('UP'), manager, addresses };
}

/** A multipath route (RFC 4191, load balancing) counts once for each next hop. */
function toDefaultRoutes({ family, metric, dev, gateway, nexthops }: AnyRoute): DefaultRoute[] {
  const hops = dev === undefined ? nexthops : [{ dev, gateway }];
  return hops.map((hop) => ({
    family,
    interface: hop.dev,
    metric,
    ...(hop.gateway === undefined ? {} : { via: canonicalAddress(hop.gateway) }),
  }));
}

function findMain(
  interfaces: readonly NetworkInterface[],
  defaults: readonly DefaultRoute[],
  routes: readonly AnyRoute[],
): MainInterface | undefined {
  const byPreference = [...defaults].sort((a, b) => a.family - b.family || a.metric - b.metric);
  const up = interfaces.filter((link) => link.up && !link.loopback && link.addresses.length > 0);
  const name = byPreference[0]?.interface ?? (up.length === 1 ? up[0]?.name : undefined);
  const link = interfaces.find((candidate) => candidate.name === name);
  if (!link) return undefined;
  const addresses = link.addresses
    .filter(({ scope, temporary, deprecated }) => scope === 'global' && !temporary && !deprecated)
    .sort((a, b) => a.family - b.family);
  const onLink = routes.filter(
    ({ dst, dev, gateway, type }) => dev === link.name && gateway === undefined && !type && dst !== 'default',
  );
  const prefixes = [
    ...link.addresses.map((a) => (a.scope === 'global' ? networkOf(a.address, a.prefixLength) : undefined)),
    ...onLink.map(({ dst }) => cidr(dst)),
  ].filter((prefix) => prefix !== undefined && isNetwork(prefix));
  const routers = defaults.flatMap(({ via, interface: dev }) => (via && dev === link.name ? [via] : []));
  return {
    name: link.name,
    manager: link.manager,
    addresses,
    prefixes: [...new Set(prefixes as string[])],
    routers: [...new Set(routers)],
  };
}

/** `ip route` leaves out the length of a single address. */
function cidr(destination: string): string | undefined {
  const [address = '', length = familyOf(address) === 4 ? '32' : '128'] = destination.split('/');
  return networkOf(address, Number(length));
}

/** Neither a single address nor link-local nor multicast: a range that neighbours share. */
function isNetwork(prefix: string): boolean {
  return !/\/(32|128)$/.test(prefix) && !/^(fe80:|ff|169\.254\.|22[4-9]\.|23\d\.)/.test(prefix);
}

function managerOf(part: (name: string) => string): (link: Link) => NetworkManager {
  const numbers = (name: string): Set<number> =>
    new Set(Array.from(part(name).matchAll(/\/(\d+)$/gm), ([, index]) => Number(index)));
  const [networkd, networkManager] = [numbers('networkd'), numbers('NetworkManager')];
  const ifupdown = new Set(Array.from(part('ifupdown').matchAll(/^([^=\s]+)=/gm), ([, name]) => name));
  return ({ ifindex, ifname }) => {
    if (networkManager.has(ifindex)) return 'NetworkManager';
    if (networkd.has(ifindex)) return 'networkd';
    return ifupdown.has(ifname) ? 'ifupdown' : 'unknown';
  };
}

function toResolver(part: (name: string) => string): Resolver {
  const { nameservers, search } = resolvConf(part('resolv'));
  const stub = nameservers.some((server) => server === '127.0.0.53' || server === '127.0.0.54');
  const resolved = stub || part('resolv-link').trim().startsWith('/run/systemd/resolve/');
  return { nameservers, search, resolved, upstream: resolvConf(part('resolved')).nameservers };
}

/** resolv.conf(5): the last `search` wins, everything behind a server's address is ignored. */
function resolvConf(text: string): { nameservers: string[]; search: string[] } {
  const nameservers: string[] = [];
  let search: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && words[0] && familyOf(words[0])) nameservers.push(words[0]);
    if (keyword === 'search' || keyword === 'domain') search = words.filter((word) => !/^[#;]/.test(word));
  }
  return { nameservers, search };
}
