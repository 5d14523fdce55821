import { familyOf, inNetwork, isPrivateAddress } from '../../src/facts/address.ts';
import type { DnsContext } from './inputs.ts';
import type { Line } from './records.ts';

/** A name with an IPv4 address of it. */
export interface Named {
  readonly name: string;
  readonly address: string;
}

/** A zone that leads from addresses to names (RFC 1035 §3.5). */
export interface Reverse {
  readonly name: string;
  readonly lines: readonly Line[];
}

/**
 * The reverse zones of the network that this host is in, for names with an address there. An address has one name: the
 * first. Pure.
 */
export function reverseZones({ input, facts }: DnsContext, names: readonly Named[]): readonly Reverse[] {
  if (!input.reverse || !facts.network.main) return [];
  const networks = facts.network.main.prefixes.filter(
    (prefix) => familyOf(prefix.split('/')[0] ?? '') === 4 && isPrivateAddress(prefix.split('/')[0] ?? ''),
  );
  const zones = new Map<string, Map<string, Line>>();
  for (const network of networks) {
    const labels = labelsOf(network);
    for (const { name, address } of names) {
      if (!inNetwork(address, network)) continue;
      const octets = address.split('.');
      const zone = `${octets.slice(0, labels).reverse().join('.')}.in-addr.arpa`;
      const owner = octets.slice(labels).reverse().join('.');
      const lines = zones.get(zone) ?? new Map<string, Line>();
      if (!lines.has(owner)) lines.set(owner, { name: owner, type: 'PTR', data: `${name}.` });
      zones.set(zone, lines);
    }
  }
  return [...zones]
    .filter(([name]) => !input.zones.some((zone) => zone.name === name))
    .map(([name, lines]) => ({ name, lines: [...lines.values()] }));
}

/** How many octets of the network are its zone's own: reverse zones end at whole octets. */
function labelsOf(network: string): number {
  return Math.max(1, Math.min(3, Math.floor(Number(network.split('/')[1]) / 8)));
}
