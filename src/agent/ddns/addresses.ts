import { execFile } from 'node:child_process';
import { familyOf, inNetwork } from '../../facts/address.ts';

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

type Info = Readonly<Record<string, unknown>>;

/** Global unicast (RFC 4291 §2.4), so no unique local one; none that privacy extensions (RFC 8981) replace each day. */
function isStable({ local, temporary, deprecated, tentative, dadfailed }: Info): boolean {
  const passing = [temporary, deprecated, tentative, dadfailed].some((flag) => flag === true);
  return typeof local === 'string' && !passing && familyOf(local) === 6 && inNetwork(local, '2000::/3');
}

function lifetime({ preferred_life_time: seconds }: Info): number {
  return typeof seconds === 'number' ? seconds : 0;
}

/** `addr_info` of each interface that was shown. */
function infosOf(shown: unknown): readonly Info[] {
  return listOf(shown)
    .flatMap((one) => listOf(one.addr_info))
    .slice(0, 256);
}

function listOf(value: unknown): readonly Info[] {
  if (!Array.isArray(value)) return [];
  return value.filter((one): one is Info => typeof one === 'object' && one !== null);
}

async function ofFamily(family: '-4' | '-6', tell: (text: string) => void): Promise<unknown> {
  const routes = listOf(await ip([family, 'route', 'show', 'default'], tell));
  const dev = [...routes].sort((one, other) => metric(one) - metric(other))[0]?.dev;
  if (typeof dev !== 'string') return [];
  return await ip([family, 'addr', 'show', 'dev', dev, 'scope', 'global'], tell);
}

function metric({ metric: value }: Info): number {
  return typeof value === 'number' ? value : 0;
}

function ip(words: readonly string[], tell: (text: string) => void): Promise<unknown> {
  return new Promise((resolve) => {
    execFile(
      'ip',
      ['-j', ...words],
      { timeout: 5_000, maxBuffer: 1024 * 1024, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } },
      (error, stdout) => {
        if (error) tell(`Addresses can’t be read (ip ${words.join(' ')}): ${error.message.slice(0, 300)}`);
        try {
          resolve(error ? [] : JSON.parse(stdout));
        } catch {
          resolve([]);
        }
      },
    );
  });
}
