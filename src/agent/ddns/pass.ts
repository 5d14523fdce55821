import { DnsFailure } from '../../dns/failure.ts';
import { canonicalAddress, familyOf } from '../../facts/address.ts';
import { type DdnsDeclaration, type DdnsState, FORMAT } from '../declared.ts';
import { isOutside, type OwnAddresses } from './addresses.ts';
import { updateDuckDns } from './duckdns.ts';
import { DdnsFailure } from './failure.ts';
import type { Declared } from './files.ts';
import { updateByDns } from './rfc2136.ts';

/** Milliseconds: the first wait after a failure, the longest, and how long an address that only DuckDNS sees is left alone. */
const FIRST_WAIT = 60_000;
const LONGEST_WAIT = 6 * 3_600_000;
const SEEN_FOR = 3_600_000;

/** What the host and its router have at the moment. */
export interface Addresses extends OwnAddresses {
  /** The router's address outside; absent: none answers. */
  readonly router?: string;
}

/** What is to be in the DNS. */
export interface Target {
  /** `''`: as the server sees it. Absent: nobody knows. */
  readonly ipv4?: string;
  readonly ipv6?: string;
  /** Why something is missing, in plain words. */
  readonly missing: readonly string[];
}

/** Decides which addresses belong into the DNS. Pure. */
export function targetOf(
  { families, way }: DdnsDeclaration,
  { ipv4, ipv6, router }: Addresses,
  before: readonly string[],
): Target {
  const missing: string[] = [];
  const four = (): string | undefined => {
    if (ipv4 !== undefined) return ipv4;
    if (router !== undefined && isOutside(router)) return canonicalAddress(router);
    if (way.type === 'duckdns') return '';
    missing.push(
      router === undefined
        ? 'No router tells its address on the internet (UPnP, NAT-PMP or PCP): switch one of them on in the router, or use DuckDNS, which sees the address by itself.'
        : `The router’s own address (${router}) is not one of the internet: the provider shares one among customers (CGNAT), and nobody reaches this host by IPv4. Ask the provider for an address of your own, or use families: [ipv6].`,
    );
    return undefined;
  };
  const wanted4 = families.includes(4) ? four() : undefined;
  // One that is there already stays, as long as the host has it.
  const wanted6 = families.includes(6) ? (ipv6.find((one) => before.includes(one)) ?? ipv6[0]) : undefined;
  if (families.includes(6) && wanted6 === undefined && !families.includes(4))
    missing.push(
      'This host has no IPv6 address on the internet. Switch IPv6 on in the router, or use families: [ipv4].',
    );
  return {
    ...(wanted4 === undefined ? {} : { ipv4: wanted4 }),
    ...(wanted6 === undefined ? {} : { ipv6: wanted6 }),
    missing,
  };
}

/** Whether something is to be done now. Pure. */
export function isDue(
  { digest }: Declared,
  target: Target,
  state: DdnsState | undefined,
  { now, attempted }: { readonly now: number; readonly attempted: string | undefined },
): boolean {
  if (!state || state.declared !== digest) return true;
  const since = now - Date.parse(state.tried);
  // A clock that was set back, or a state that somebody has changed.
  if (!(since >= 0)) return true;
  if (state.failures > 0) {
    // The agent has been started again: perhaps somebody has put it right.
    if (attempted === undefined) return since >= FIRST_WAIT;
    // By a new address a failure may be over; what failed for the same one waits.
    return keyOf(target) !== attempted || since >= wait(state.failures);
  }
  if (target.missing.length > 0) return state.verdict.state === 'current';
  if (isChanged(target, state)) return true;
  return target.ipv4 === '' && since >= SEEN_FOR;
}

/** Milliseconds until the next try after that many failures in a row. */
export function wait(failures: number): number {
  return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(failures - 1, 20));
}

/** What was tried, for telling whether it is something new. */
export function keyOf({ ipv4, ipv6, missing }: Target): string {
  return JSON.stringify([ipv4, ipv6, missing]);
}

function isChanged({ ipv4, ipv6 }: Target, { addresses }: DdnsState): boolean {
  const of = (family: 4 | 6) => addresses.find((one) => familyOf(one) === family);
  return (ipv4 !== undefined && ipv4 !== '' && ipv4 !== of(4)) || ipv6 !== of(6);
}

/** Writes the addresses, and returns how it went. Never rejects. */
export async function carryOut(
  { declaration, digest }: Declared,
  target: Target,
  before: DdnsState | undefined,
  now: number,
): Promise<DdnsState> {
  const common = {
    format: FORMAT,
    role: declaration.role,
    declared: digest,
    tried: new Date(now).toISOString(),
  };
  const known = before?.declared === digest ? before.addresses : [];
  const failed = (text: string, detail: string, addresses: readonly string[]): DdnsState => ({
    ...common,
    addresses,
    failures: (before?.declared === digest ? before.failures : 0) + 1,
    verdict: { state: 'failed', text, detail },
  });
  let addresses = known;
  try {
    if (target.ipv4 !== undefined || target.ipv6 !== undefined || known.length > 0)
      addresses = await write(declaration, target, known);
  } catch (error) {
    if (error instanceof DnsFailure || error instanceof DdnsFailure)
      return failed(error.message, error.detail, known);
    return failed(
      'The addresses could not be written, for a reason that nobody has thought of. It is tried again by itself.',
      error instanceof Error ? error.message : String(error),
      known,
    );
  }
  const [text] = target.missing;
  if (text !== undefined) return failed(text, target.missing.slice(1).join(' '), addresses);
  return { ...common, addresses, failures: 0, verdict: { state: 'current' } };
}

async function write(
  { way, names, families }: DdnsDeclaration,
  { ipv4, ipv6 }: Target,
  known: readonly string[],
): Promise<readonly string[]> {
  if (way.type === 'duckdns')
    return await updateDuckDns({
      url: way.url,
      token: way.token,
      names,
      ...(ipv4 === undefined ? {} : { ipv4 }),
      ...(ipv6 === undefined ? {} : { ipv6 }),
    });
  const four = known.filter((one) => familyOf(one) === 4);
  const had6 = known.some((one) => familyOf(one) === 6);
  await updateByDns(way, names, {
    ...(ipv4 === undefined ? {} : { ipv4: [ipv4] }),
    // What was written here and is no longer true leads nobody here.
    ...(ipv6 !== undefined ? { ipv6: [ipv6] } : families.includes(6) && had6 ? { ipv6: [] } : {}),
  });
  return [...(ipv4 === undefined ? four : [ipv4]), ...(ipv6 === undefined ? [] : [ipv6])];
}
