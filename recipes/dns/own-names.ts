import { isPrivateAddress } from '../../src/facts/address.ts';
import type { DnsContext, ZoneInput } from './inputs.ts';
import type { DnsRecord, Line } from './records.ts';

/** Zones that are written here, in the order of the host file. */
export function primaries({ input }: Pick<DnsContext, 'input'>): readonly ZoneInput[] {
  return input.zones.filter((zone) => zone.primaries.length === 0);
}

/**
 * The addresses of this host that its network knows it by. Of IPv6 only unique local ones (RFC 4193): what a provider
 * assigns changes, and would stand in the zone for ever.
 */
export function ownAddresses({ facts }: Pick<DnsContext, 'facts'>): readonly string[] {
  const { main, hasLan } = facts.network;
  if (!main || !hasLan) return [];
  return main.addresses
    .filter(({ address, family }) => family === 4 || isPrivateAddress(address))
    .map(({ address }) => address);
}

/** The host's own name and those of its roles, as lines of the zone they belong to, unless the host file says otherwise. */
export function ownLines(context: DnsContext, zone: ZoneInput): readonly Line[] {
  const declared = new Set(zone.records.filter(saysWhere).map(({ name }) => name));
  return ownersIn(context, zone)
    .filter((name) => !declared.has(name))
    .flatMap((name) =>
      ownAddresses(context).map((address) => ({
        name,
        type: address.includes(':') ? 'AAAA' : 'A',
        data: address,
      })),
    );
}

/** Whether the host file has its own word on where a name leads; its mail or its text is another matter. */
function saysWhere({ name, type, view }: DnsRecord): boolean {
  return view !== 'external' && (['A', 'AAAA', 'CNAME'].includes(type) || (type === 'NS' && name !== '@'));
}

/** What the host is called within a zone: its name there, else its first label. */
function hostLabel(host: string, zone: ZoneInput): string {
  const name = host.toLowerCase();
  if (name === zone.name || name.endsWith(`.${zone.name}`)) return within(name, zone);
  return name.split('.')[0] ?? name;
}

/** The names of the servers that answer for a zone: this host, unless the host file names others. */
export function serversOf({ host }: Pick<DnsContext, 'host'>, zone: ZoneInput): readonly string[] {
  if (zone.nameservers.length > 0) return zone.nameservers;
  const label = hostLabel(host, zone);
  return [label === '@' ? zone.name : `${label}.${zone.name}`];
}

function ownersIn(context: DnsContext, zone: ZoneInput): readonly string[] {
  const zones = primaries(context);
  const roles = context.others
    .filter(({ expose }) => expose !== 'host')
    .flatMap(({ names }) => names)
    .filter((name) => zoneOf(zones, name) === zone)
    .map((name) => within(name, zone));
  return [...new Set([hostLabel(context.host, zone), ...roles])];
}

/** The longest zone that a name ends in; a name without a dot belongs to the first. */
function zoneOf(zones: readonly ZoneInput[], name: string): ZoneInput | undefined {
  if (!name.includes('.')) return zones[0];
  return zones
    .filter((zone) => name === zone.name || name.endsWith(`.${zone.name}`))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
}

/** A name as records of the zone have it: `@` for the zone itself. */
export function within(name: string, zone: ZoneInput): string {
  if (name === zone.name) return '@';
  return name.endsWith(`.${zone.name}`) ? name.slice(0, -zone.name.length - 1) : name;
}
