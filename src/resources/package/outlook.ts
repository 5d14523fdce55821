import { HostError } from '../../errors.ts';
import type { Answer, Moved, Servers, Simulation } from './simulation.ts';

/** Bytes kept free beyond what apt says: for dpkg's own records and for what undoing needs. */
const MARGIN = 32e6;
const SHOWN = 8;

/** What a plan says about what apt would do: along with the name of the first package, since one call does it all. */
export interface Outlook {
  readonly along: string;
  /** All that comes along, a line each. */
  readonly diff?: string;
  readonly irreversible?: string;
}

/**
 * Words for a simulation. Pure.
 * @param wanted the missing packages that it is about.
 * @throws {HostError} when it would remove something, the disk is too small, or the servers cannot be found.
 */
export function outlook({ simulation, servers }: Answer, wanted: readonly string[]): Outlook {
  const what = `Installing ${wanted.join(', ')}`;
  if (simulation) refuse(simulation, what);
  if (servers && servers.unknown.length > 0 && servers.known.length === 0) throw unreachable(what, servers);
  if (!simulation) return { along: '' };
  const named = new Set(wanted);
  const along = simulation.installs.filter(({ name }) => !named.has(bare(name)));
  const { upgrades } = simulation;
  const count = `${along.length} ${along.length === 1 ? 'package that it needs' : 'packages that it needs'}`;
  const all = `${along.length} ${along.length === 1 ? 'other' : 'others'} that these ${wanted.length} packages need`;
  return {
    along: along.length === 0 ? '' : `, with ${wanted.length === 1 ? count : all}: ${list(along)}`,
    ...(along.length > SHOWN
      ? { diff: along.map(({ name, to }) => `+ ${name} ${to ?? ''}`).join('\n') }
      : {}),
    ...(upgrades.length > 0
      ? {
          irreversible: `upgrades ${upgrades.map(({ name, from, to }) => `${name} ${from} → ${to}`).join(', ')}: a rollback does not bring back the old ${upgrades.length === 1 ? 'version' : 'versions'}`,
        }
      : {}),
  };
}

function refuse({ removals, needed, space }: Simulation, what: string): void {
  if (removals.length > 0) {
    const names = removals.map(({ name, from }) => `${name} ${from ?? ''}`.trim()).join(', ');
    throw new HostError(`${what} would remove ${names}, which hostwright does not do by itself.`, {
      hint: `Nothing was changed. If that is what you want, remove it by hand first: apt-get remove ${removals.map(({ name }) => name).join(' ')}`,
    });
  }
  const tight = needed === undefined ? undefined : space.find(({ free }) => free < needed + MARGIN);
  if (tight && needed !== undefined) {
    throw new HostError(
      `${what} needs ${megabytes(needed + MARGIN)} of disk space, and ${tight.mount} on the host has ${megabytes(tight.free)} free.`,
      {
        hint: 'Nothing was changed. Free some space on the host, by these for example: apt-get clean; journalctl --vacuum-size=50M',
      },
    );
  }
}

function unreachable(what: string, { unknown, route, resolver }: Servers): HostError {
  const hosts = unknown.join(', ');
  if (!route) {
    return new HostError(`${what} needs ${hosts}, and the host has no way out: no default route.`, {
      hint: 'Nothing was changed. Look at `ip route` on the host: is its cable in, does the router give it an address?',
    });
  }
  const servers = resolver.flatMap((line) => (line.startsWith('server ') ? [line.slice(7)] : []));
  const [first = ''] = resolver;
  const why =
    servers.length > 0
      ? `its name servers (${servers.join(', ')}, in /etc/resolv.conf) do not answer for it`
      : first.startsWith('link ')
        ? `/etc/resolv.conf leads to ${first.slice(5)}, which is not there`
        : first === 'absent'
          ? 'there is no /etc/resolv.conf'
          : '/etc/resolv.conf names no name server';
  return new HostError(
    `${what} needs ${hosts}, and the host cannot find out where that is: ${why}. It has a default route.`,
    {
      hint: 'Nothing was changed. Put `nameserver ADDRESS` of a name server that works into /etc/resolv.conf on the host (your router’s address, mostly), or mend what writes that file: systemd-resolved, NetworkManager, dhcpcd.',
    },
  );
}

function list(packages: readonly Moved[]): string {
  const names = packages.map(({ name }) => bare(name));
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return `${names.slice(0, SHOWN).join(', ')}${more}`;
}

function bare(name: string): string {
  return name.replace(/:.*/, '');
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
