import { UserError } from '../../src/errors.ts';
import { isPrivateAddress } from '../../src/facts/address.ts';
import { acmeZones, delegations } from './acme.ts';
import type { DnsContext, ZoneInput } from './inputs.ts';
import { ownLines, primaries, serversOf, within } from './own-names.ts';
import { type DnsRecord, type Line, lineOf, target } from './records.ts';
import { type Named, reverseZones } from './reverse.ts';

/** Where Debian keeps what named only reads, what it writes itself, and what it can fetch again (README.Debian). */
const FOLDERS = {
  primary: '/etc/bind/zones',
  dynamic: '/var/lib/bind',
  secondary: '/var/cache/bind',
} as const;

/** The text of one zone file, without its serial. */
export interface ZoneText {
  readonly name: string;
  readonly path: string;
  readonly ttl: number;
  readonly server: string;
  readonly lines: readonly Line[];
}

/** A zone as named serves it. */
export interface ServedZone {
  readonly name: string;
  readonly kind: 'primary' | 'dynamic' | 'secondary';
  readonly public: boolean;
  /** For the network; absent for one that is fetched. */
  readonly text?: ZoneText;
  /** What the internet gets instead, for one that is public and written here. */
  readonly external?: ZoneText;
  readonly path: string;
  readonly input?: ZoneInput;
}

/**
 * Every zone, with those that follow from the host's network. Pure.
 * @throws {UserError} for a public zone whose name server nobody could find
 */
export function servedZones(context: DnsContext): readonly ServedZone[] {
  const served = [...context.input.zones, ...acmeZones(context).map(({ zone }) => zone)].map((zone) =>
    servedZone(context, zone),
  );
  const [first] = primaries(context);
  if (!first) return served;
  const named = served.flatMap(({ text, name, kind }) =>
    kind === 'primary' && text ? addressesIn(name, text.lines) : [],
  );
  const server = serversOf(context, first)[0] ?? '';
  const reverse = reverseZones(context, named).map(({ name, lines }): ServedZone => {
    const path = `${FOLDERS.primary}/db.${name}`;
    const text = { name, path, ttl: 3600, server, lines: [nameserver(server), ...lines] };
    return { name, kind: 'primary', public: false, path, text };
  });
  return [...served, ...reverse];
}

function servedZone(context: DnsContext, zone: ZoneInput): ServedZone {
  const kind = zone.primaries.length > 0 ? 'secondary' : zone.update.length > 0 ? 'dynamic' : 'primary';
  const path = `${FOLDERS[kind]}/db.${zone.name}`;
  const base = { name: zone.name, kind, public: zone.public, path, input: zone } as const;
  if (kind === 'secondary') return base;
  const servers = serversOf(context, zone);
  const common = { name: zone.name, ttl: zone.ttl, server: servers[0] ?? '' };
  const lines = (view: 'internal' | 'external'): readonly Line[] => [
    ...servers.map(nameserver),
    ...delegations(context, zone),
    ...(view === 'internal' ? ownLines(context, zone) : []),
    ...zone.records
      .filter((entry) => entry.view === 'both' || entry.view === view)
      .filter((entry) => view === 'internal' || !isOfNetwork(entry))
      .map(lineOf),
  ];
  // One that programs change is the same for everybody: if the internet sees it, nothing of the network is put in.
  const open = kind === 'dynamic' && zone.public;
  const text = { ...common, path, lines: lines(open ? 'external' : 'internal') };
  refuseHomeless(context, zone, servers, text.lines, 'in the host’s network');
  if (context.expose !== 'internet' || !zone.public || kind === 'dynamic') return { ...base, text };
  const external = { ...common, path: `${path}.external`, lines: lines('external') };
  refuseHomeless(context, zone, servers, external.lines, 'on the internet');
  return { ...base, text, external };
}

/** What the internet never gets. */
function isOfNetwork({ type, value }: DnsRecord): boolean {
  return (type === 'A' || type === 'AAAA') && isPrivateAddress(value);
}

function nameserver(server: string): Line {
  return { name: '@', type: 'NS', data: target(server) };
}

/** A name server within its own zone needs an address there (RFC 1912 §2.8); named would not load the zone. */
function refuseHomeless(
  { role }: DnsContext,
  zone: ZoneInput,
  servers: readonly string[],
  lines: readonly Line[],
  where: string,
): void {
  const homeless = servers.find((server) => {
    if (server !== zone.name && !server.endsWith(`.${zone.name}`)) return false;
    const owner = within(server, zone);
    return !lines.some(({ name, type }) => name === owner && (type === 'A' || type === 'AAAA'));
  });
  if (homeless === undefined) return;
  const owner = within(homeless, zone);
  throw new UserError({
    message: `The zone ${zone.name} of the role ‘${role}’ names ${homeless} as its server, and has no address for it ${where}.`,
    hint: `Add a record { name: ${owner}, type: A, value: ADDRESS }, or name other servers: nameservers: [ns1.example.net].`,
  });
}

function addressesIn(zone: string, lines: readonly Line[]): readonly Named[] {
  return lines
    .filter(({ name, type }) => type === 'A' && !name.includes('*'))
    .map(({ name, data }) => ({ name: name === '@' ? zone : `${name}.${zone}`, address: data }));
}
