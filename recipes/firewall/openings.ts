import { covers } from '../../src/compose/port-range.ts';
import type { ExposedEndpoint } from '../../src/compose/recipe.ts';
import { byPort, type Port, portName } from './ports.ts';

/** Whom a port is open to: everybody, the LAN, or the address that hostwright connects from. */
export type Audience = 'anyone' | 'lan' | 'client';

/** A port or a range that the firewall opens, to one audience. */
export interface Opening extends Port {
  readonly to: Audience;
  /** In a comment: `blog http`, `ssh`, `keep smbd`. */
  readonly why: string;
}

/** Openings for the endpoints of roles; those exposed to the host alone need none, since the loopback is open. */
export function endpointOpenings(endpoints: readonly ExposedEndpoint[]): readonly Opening[] {
  return endpoints.flatMap(({ role, name, protocol, port, lastPort, expose }) =>
    expose === 'host'
      ? []
      : {
          protocol,
          port,
          ...(lastPort === undefined ? {} : { lastPort }),
          to: expose === 'internet' ? ('anyone' as const) : ('lan' as const),
          why: `${role} ${name}`,
        },
  );
}

/**
 * One opening for each port and audience, in a fixed order. What everybody may reach needs no second rule for the LAN.
 * Several roles on one port share a rule that names them.
 */
export function mergeOpenings(openings: readonly Opening[]): readonly Opening[] {
  const merged = new Map<string, Opening>();
  const open = openings.filter(({ to }) => to === 'anyone');
  const isOpen = (port: Port): boolean =>
    open.some((other) => other.protocol === port.protocol && covers(other, port));
  for (const opening of openings) {
    if (opening.to !== 'anyone' && isOpen(opening)) continue;
    const key = `${opening.to} ${portName(opening)}`;
    const known = merged.get(key);
    const why = known && known.why !== opening.why ? `${known.why}, ${opening.why}` : opening.why;
    merged.set(key, { ...opening, why: shorten(why) });
  }
  return [...merged.values()].sort((a, b) => byPort(a, b) || a.to.localeCompare(b.to));
}

/** nft's comments hold 128 bytes. */
function shorten(why: string): string {
  return why.length > 100 ? `${why.slice(0, 97)}...` : why;
}
