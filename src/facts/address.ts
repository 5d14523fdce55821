import { BlockList, isIP, SocketAddress } from 'node:net';

export type Family = 4 | 6;

/** The family of an IP address, undefined when it is none. A zone (`%eth0`) is allowed. */
export function familyOf(address: string): Family | undefined {
  const family = isIP(address.split('%')[0] ?? '');
  return family === 4 || family === 6 ? family : undefined;
}

/** One spelling for each address: lower case, shortest form, IPv4-mapped as IPv4, no zone. Not an address: as it is. */
export function canonicalAddress(address: string): string {
  const [bare = ''] = address.split('%');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  if (mapped !== undefined && isIP(mapped) === 4) return mapped;
  return isIP(bare) === 6 ? new SocketAddress({ address: bare, family: 'ipv6' }).address : bare;
}

/**
 * The network that an address with a prefix length lies in: `192.168.1.20` and 24 give `192.168.1.0/24`.
 * Undefined when either is out of range.
 */
export function networkOf(address: string, prefixLength: number): string | undefined {
  const bare = canonicalAddress(address);
  const family = familyOf(bare);
  const width = family === 4 ? 32 : 128;
  if (family === undefined || !Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > width) {
    return undefined;
  }
  const host = BigInt(width - prefixLength);
  const bits = (toBits(bare) >> host) << host;
  return `${fromBits(bits, family)}/${prefixLength}`;
}

/** Whether `address` lies in `network` (CIDR notation). Different families never match; nonsense is never inside. */
export function inNetwork(address: string, network: string): boolean {
  const [base = '', length = ''] = network.split('/');
  const family = familyOf(base);
  const bare = canonicalAddress(address);
  if (family === undefined || familyOf(bare) !== family || !/^\d+$/.test(length)) return false;
  if (Number(length) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(base, Number(length), type);
  return list.check(bare, type);
}

/** Private by assignment: RFC 1918 for IPv4, unique local (RFC 4193) for IPv6. */
export function isPrivateAddress(address: string): boolean {
  return ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'].some((net) => inNetwork(address, net));
}

/** Only meaningful on its own link: 169.254.0.0/16 (RFC 3927) and fe80::/10 (RFC 4291). */
export function isLinkLocal(address: string): boolean {
  return inNetwork(address, '169.254.0.0/16') || inNetwork(address, 'fe80::/10');
}

/** Never leaves the machine: 127.0.0.0/8 and ::1. */
export function isLoopback(address: string): boolean {
  return inNetwork(address, '127.0.0.0/8') || inNetwork(address, '::1/128');
}

function toBits(address: string): bigint {
  if (isIP(address) === 4) return address.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
  const [head = '', tail] = address.split('::');
  const groups = (text: string | undefined): string[] => (text ? text.split(':').flatMap(splitDotted) : []);
  const [front, back] = [groups(head), groups(tail)];
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0');
  return [...front, ...zeros, ...back].reduce((bits, part) => (bits << 16n) | BigInt(`0x${part}`), 0n);
}

/** The last 32 bits may be written as IPv4 (RFC 4291 §2.2): `1.2.3.4` is `102:304`. */
function splitDotted(group: string): string[] {
  if (!group.includes('.')) return [group];
  const bits = toBits(group);
  return [(bits >> 16n).toString(16), (bits & 0xffffn).toString(16)];
}

function fromBits(bits: bigint, family: Family): string {
  const size = family === 4 ? 8n : 16n;
  const count = family === 4 ? 4 : 8;
  const parts = Array.from({ length: count }, (_, index) => {
    const part = (bits >> (size * BigInt(count - 1 - index))) & ((1n << size) - 1n);
    return part.toString(family === 4 ? 10 : 16);
  });
  return family === 4 ? parts.join('.') : canonicalAddress(parts.join(':'));
}
