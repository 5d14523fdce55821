/**
 * The addresses of the home network. They live inside network namespaces, so every lab uses the same ones.
 * The public side takes documentation ranges (RFC 5737, RFC 3849), the inside RFC 1918 and RFC 4193.
 */
import type { NodeName } from './places.ts';

export const LAN = {
  cidr: '192.168.1.0/24',
  gua: '2001:db8:1::/64',
  ula: 'fd68:6f6d:6531::/64',
  domain: 'home.arpa',
  router: { v4: '192.168.1.1', gua: '2001:db8:1::1', ula: 'fd68:6f6d:6531::1' },
} as const;

export const WAN = {
  router: { v4: '203.0.113.2', v6: '2001:db8:ffff::2' },
  internet: { v4: '203.0.113.1', v6: '2001:db8:ffff::1' },
} as const;

/** A public name that the lab's public DNS points at the router. */
export const DOMAIN = 'home.test';

/** Where the only way out listens: the package proxy, on the machine `internet`. */
export const PACKAGE_PORT = 3142;

/** Where the lab's certificate authority listens on the machine `internet`: ACME, and what only tests have. */
export const ACME_PORT = 14_000;
export const ACME_MANAGEMENT_PORT = 15_000;

/** Locally administered (IEEE 802, bit 1 of the first octet), so that it is nobody's. */
export const BOX_MAC = '02:68:77:00:00:20';
/** A router keeps its own when it restarts, so that machines of the LAN need not look for it anew. */
export const ROUTER_MAC = '02:68:77:00:00:01';
export const BOX_V4 = '192.168.1.20';

/** The addresses of each machine; the first is the one to reach it by from the LAN (for `internet`, from anywhere). */
export const ADDRESSES: Readonly<Record<NodeName, readonly string[]>> = {
  box: [BOX_V4, slaac(LAN.gua, BOX_MAC), slaac(LAN.ula, BOX_MAC)],
  laptop: ['192.168.1.10', '2001:db8:1::10', 'fd68:6f6d:6531::10'],
  phone: ['192.168.1.11', '2001:db8:1::11', 'fd68:6f6d:6531::11'],
  router: [LAN.router.v4, LAN.router.gua, LAN.router.ula, WAN.router.v4, WAN.router.v6],
  internet: [WAN.internet.v4, WAN.internet.v6],
};

/** The address a machine gives itself in an advertised /64 (modified EUI-64, RFC 4291 appendix A). */
export function slaac(prefix: string, mac: string): string {
  const bytes = mac.split(':').map((part) => Number.parseInt(part, 16));
  const [first = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes;
  const words = [((first ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f];
  const network = prefix.replace('::/64', '').split(':');
  const padding = Array.from({ length: 4 - network.length }, () => '0');
  return [...network, ...padding, ...words.map((word) => word.toString(16))].join(':');
}
