import type { ExposedEndpoint } from '../compose/recipe.ts';
import { canonicalAddress, familyOf, isPrivateAddress } from '../facts/address.ts';
import type { PlacedVantage, Standing } from './expectations.ts';
import type { ReportVantage } from './report.ts';
import {
  isHereOnLan,
  isLan,
  isPublicAddress,
  type Surroundings,
  type Target,
  targetsFromOutside,
} from './surroundings.ts';
import type { Vantage } from './vantage.ts';
import { INTERNET } from './vantage-names.ts';

/** A vantage, where it stands, and what reports say of it. */
export interface Placed {
  readonly vantage: Vantage;
  readonly place: PlacedVantage;
  readonly report: ReportVantage;
}

/** What the placing of one vantage depends on besides the host. */
export interface PlaceOptions {
  /** The lab has no machines but its own, so private addresses are tried from outside too. */
  readonly lab: boolean;
  /** `here` is on the host's LAN, so what a peer sees us as is the address of the host's router. */
  readonly hereOnLan: boolean;
  /** The router's address outside, as it says itself. */
  readonly routerSays?: string;
}

/** Finds out where `vantage` stands towards the host, by its real source addresses. */
export async function placeVantage(
  vantage: Vantage,
  around: Surroundings,
  { lab, hereOnLan, routerSays }: PlaceOptions,
): Promise<Placed> {
  const sources = await vantage.sources(around.addresses);
  const standing = standingOf(vantage, sources, around);
  // What others see counts more than what the router says: another one may be before it.
  const router = (hereOnLan ? publicAddress(vantage.seesUsAs) : undefined) ?? publicAddress(routerSays);
  const candidates: readonly Target[] =
    standing === 'outside'
      ? targetsFromOutside(around, router, lab)
      : around.addresses.map((address) => ({ address, of: 'host' as const }));
  const targets = candidates.filter(({ address, of }) => of === 'router' || sources.has(address));
  // Out there nobody has a route to a private address, and nothing is missed by that.
  const missing = candidates
    .filter(
      (target) => !targets.includes(target) && (standing !== 'outside' || !isPrivateAddress(target.address)),
    )
    .map(({ address }) => address);
  const note = noteOn(standing, targets, missing);
  return {
    vantage,
    place: { name: vantage.name, standing, targets },
    report: {
      name: vantage.name,
      address: addressOf(sources),
      sameLan: standing === 'lan' || (standing === 'self' && around.lan.length > 0),
      ...(note ? { note } : {}),
    },
  };
}

function standingOf(vantage: Vantage, sources: ReadonlyMap<string, string>, around: Surroundings): Standing {
  if (vantage.kind === 'self') return 'self';
  const own = [...sources.values()];
  // The source for one of the host's addresses is that address only on the host itself.
  if ([...sources].some(([target, source]) => target === source)) return 'self';
  if (vantage.name === INTERNET && publicAddress(vantage.seesUsAs) !== undefined) return 'outside';
  const inside =
    vantage.kind === 'here' ? isHereOnLan(own, around) : own.some((source) => isLan(source, around));
  return inside ? 'lan' : 'outside';
}

/** A public IPv4 address as others see it is the router's; an IPv6 one is this computer's own. */
function publicAddress(seen: string | undefined): string | undefined {
  return seen !== undefined && familyOf(seen) === 4 && isPublicAddress(seen) ? seen : undefined;
}

function addressOf(sources: ReadonlyMap<string, string>): string {
  const known = [...sources.values()].filter((source) => source !== '').map(canonicalAddress);
  return known.find((source) => familyOf(source) === 4) ?? known[0] ?? '';
}

/** A place outside from which what is for the internet could not be tried, or not by IPv6. */
export function withUntried(
  { place: { standing, targets }, report }: Placed,
  endpoints: readonly Pick<ExposedEndpoint, 'expose'>[],
): ReportVantage {
  if (standing !== 'outside' || !endpoints.some(({ expose }) => expose === 'internet')) return report;
  const open = targets.filter(({ aside }) => !aside);
  const aside = targets.some(
    ({ aside: not, address }) => not && familyOf(address) === 6 && isPublicAddress(address),
  );
  const notes = [
    ...(report.note === undefined ? [] : [report.note]),
    ...(open.length === 0 && targets.length > 0
      ? ['what is for the internet was not tested: the public address of the router is not known']
      : []),
    ...(open.length > 0 && aside
      ? [
          'what is for the internet was not tested over IPv6: routers keep that out, and hostwright asks them for IPv4 only',
        ]
      : []),
  ];
  return notes.length === 0 ? report : { ...report, note: notes.join('; ') };
}

function noteOn(
  standing: Standing,
  targets: readonly Target[],
  missing: readonly string[],
): string | undefined {
  if (targets.length === 0 && missing.length === 0) {
    return standing === 'outside'
      ? 'nothing tested: no public address of the host is known'
      : 'nothing tested: the host has no address of its own';
  }
  return missing.length > 0 ? `not tested, as there is no route from here: ${missing.join(', ')}` : undefined;
}
