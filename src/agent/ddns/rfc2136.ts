import { findZone } from '../../dns/query.ts';
import { type Change, update } from '../../dns/update.ts';
import type { DdnsDeclaration } from '../declared.ts';

type Way = Extract<DdnsDeclaration['way'], { readonly type: 'rfc2136' }>;

/** Addresses by family; an empty list takes the family’s records out, an absent one leaves them. */
export interface Wanted {
  readonly ipv4?: readonly string[];
  readonly ipv6?: readonly string[];
}

/**
 * Writes the addresses of names by signed updates, one for each zone.
 * @throws {DnsFailure} in plain words
 */
export async function updateByDns(way: Way, names: readonly string[], wanted: Wanted): Promise<void> {
  const zones = new Map<string, string[]>();
  for (const name of names) {
    const zone = way.zone ?? (await findZone(way, name));
    zones.set(zone, [...(zones.get(zone) ?? []), name]);
  }
  for (const [zone, members] of zones) {
    const changes = members.flatMap((name) => changesOf(name, wanted, way.ttl));
    const { server, port, key } = way;
    await update({ server, port, zone, ...(key ? { key } : {}) }, changes);
  }
}

function changesOf(name: string, { ipv4, ipv6 }: Wanted, ttl: number): readonly Change[] {
  return [
    ...(ipv4 ? [{ do: 'replace', name, type: 'A', data: ipv4, ttl } as const] : []),
    ...(ipv6 ? [{ do: 'replace', name, type: 'AAAA', data: ipv6, ttl } as const] : []),
  ];
}
