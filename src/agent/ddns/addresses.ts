import { familyOf, inNetwork } from '../../facts/address.ts';
import { defaultRoute, ip, type Shown, shownIn } from '../ip.ts';

/** The addresses of this host on the interface that leads to the internet. */
export interface OwnAddresses {
  /** Reachable by everybody, if it has such a one of its own. */
  readonly ipv4?: string;
  /** Global, stable (RFC 4862, 7217), and to be used for what is new. */
  readonly ipv6: readonly string[];
}

/**
 * What is no address of the internet: for private networks, providers' own (RFC 6598, 7335), a link, the machine
 * itself, or groups.
 */
const INSIDE = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '224.0.0.0/3',
];

/** Whether the internet could reach an IPv4 address. */
export function isOutside(address: string): boolean {
  return familyOf(address) === 4 && !INSIDE.some((network) => inNetwork(address, network));
}

/** Asks the kernel, by iproute2's JSON. Never rejects: what can't be read is told, and is not there. */
export async function ownAddresses(tell: (text: string) => void): Promise<OwnAddresses> {
  const [four, six] = await Promise.all([ofFamily('-4', tell), ofFamily('-6', tell)]);
  return readAddresses(four, six);
}

/** Pure: what `ip -j addr show` said of the interface of each family's default route. */
export function readAddresses(four: unknown, six: unknown): OwnAddresses {
  const ipv4 = infosOf(four)
    .map(({ local }) => local)
    .find((local): local is string => typeof local === 'string' && isOutside(local));
  const ipv6 = infosOf(six)
    .filter(isStable)
    .sort((one, other) => lifetime(other) - lifetime(one))
    .map(({ local }) => String(local));
  return { ...(ipv4 === undefined ? {} : { ipv4 }), ipv6: [...new Set(ipv6)] };
}

/** Global unicast (RFC 4291 §2.4), so no unique local one; none that privacy extensions (RFC 8981) replace each day. */
function isStable({ local, temporary, deprecated, tentative, dadfailed }: Shown): boolean {
  const passing = [temporary, deprecated, tentative, dadfailed].some((flag) => flag === true);
  return typeof local === 'string' && !passing && familyOf(local) === 6 && inNetwork(local, '2000::/3');
}

function lifetime({ preferred_life_time: seconds }: Shown): number {
  return typeof seconds === 'number' ? seconds : 0;
}

/** `addr_info` of each interface that was shown. */
function infosOf(shown: unknown): readonly Shown[] {
  return shownIn(shown)
    .flatMap((one) => shownIn(one.addr_info))
    .slice(0, 256);
}

async function ofFamily(family: '-4' | '-6', tell: (text: string) => void): Promise<unknown> {
  const { dev } = (await defaultRoute(family, tell)) ?? {};
  if (typeof dev !== 'string') return [];
  return await ip([family, 'addr', 'show', 'dev', dev, 'scope', 'global'], tell);
}
