import { ACME_KEY, acmeDnsNames, challengeZones } from '../../src/compose/acme-zone.ts';
import type { PlanNote } from '../../src/compose/recipe.ts';
import type { DnsContext, ZoneInput } from './inputs.ts';
import { primaries, serversOf, within } from './own-names.ts';
import { type Line, target } from './records.ts';

/** A zone for the answers to challenges by DNS, and who answers for it. */
export interface ChallengeZone {
  readonly zone: ZoneInput;
  /** The zone of this role that it lies in, and is delegated from. */
  readonly parent?: ZoneInput;
}

/**
 * Zones of their own for the answers to challenges (RFC 8555 §8.4) that other roles ask for: programs change those, and
 * the zones around them stay files. The internet sees them, as the CA is there. Pure.
 */
export function acmeZones(context: DnsContext): readonly ChallengeZone[] {
  const { input, others } = context;
  return challengeZones(others.flatMap(acmeDnsNames))
    .filter((name) => !input.zones.some((zone) => zone.name === name))
    .map((name) => {
      const parent = parentOf(context, name);
      return { zone: zoneFor(context, name, parent), ...(parent ? { parent } : {}) };
    });
}

/** What a zone says of those that lie in it: who answers for them. */
export function delegations(context: DnsContext, zone: ZoneInput): readonly Line[] {
  return acmeZones(context)
    .filter(({ parent }) => parent?.name === zone.name)
    .flatMap(({ zone: { name, nameservers } }) =>
      nameservers.map((server) => ({ name: within(name, zone), type: 'NS', data: target(server) })),
    );
}

function zoneFor(context: DnsContext, name: string, parent: ZoneInput | undefined): ZoneInput {
  return {
    name,
    records: [],
    // An answer is asked for within seconds, and the next one is another.
    ttl: 60,
    nameservers: [serverFor(context, name, parent)],
    public: true,
    update: [ACME_KEY.name],
    transfer: [],
    notify: [],
    primaries: [],
  };
}

/**
 * Secondaries of the zone around it do not have this one, so only its first server answers. Where somebody else has the
 * zone around it: the domain itself, which leads to this host if it is served here.
 */
function serverFor(context: DnsContext, name: string, parent: ZoneInput | undefined): string {
  const domain = name.replace(/^_acme-challenge\./, '');
  return (parent && serversOf(context, parent)[0]) ?? domain;
}

function parentOf(context: DnsContext, name: string): ZoneInput | undefined {
  return primaries(context)
    .filter((zone) => name.endsWith(`.${zone.name}`))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
}

/** Programs write nothing but texts there. */
export function isChallengeZone(name: string): boolean {
  return name.startsWith('_acme-challenge.');
}

/** What a person has to know of these zones. */
export function acmeNotes(context: DnsContext): readonly Omit<PlanNote, 'role'>[] {
  const zones = acmeZones(context);
  if (zones.length === 0) return [];
  const homeless = zones.filter(({ parent }) => !parent);
  return [
    {
      level: 'info',
      text: `Answers for certificates are in ${list(zones)}: a zone of its own, changed on this host when a certificate is due.`,
    },
    ...(context.expose === 'internet'
      ? []
      : [
          {
            level: 'warning' as const,
            text: `An authority on the internet cannot ask for ${list(zones)}: this role is not exposed to the internet. Write expose: internet, unless the authority is in your network.`,
          },
        ]),
    ...homeless.map(({ zone: { name, nameservers } }) => ({
      level: 'warning' as const,
      text: `Whoever keeps the zone around ${name} has to lead there: add the record ‘${name}. NS ${nameservers[0]}.’ where that domain is managed.`,
    })),
  ];
}

function list(zones: readonly ChallengeZone[]): string {
  return zones.map(({ zone }) => zone.name).join(', ');
}
