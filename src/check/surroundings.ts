import type { HostNetwork } from '../compose/recipe.ts';
import { familyOf, inNetwork, isPrivateAddress } from '../facts/address.ts';
import type { Facts } from '../facts/facts.ts';

/** An address under test. */
export interface Target {
  readonly address: string;
  /** `router`: the router's public address, behind which the host may be. */
  readonly of: 'host' | 'router';
  /** Tried only to prove that nobody gets in: whoever may, comes by the router's address. */
  readonly aside?: true;
}

/** What of the host's network decides who counts as `lan` and what can be tested from where. */
export interface Surroundings {
  /** Lasting addresses of the host's main interface. */
  readonly addresses: readonly string[];
  /** Networks that count as `lan`: on the link, if that is a home network at all, and `network.lan`. */
  readonly lan: readonly string[];
  /** The client's address of this connection, as the host sees it. */
  readonly clientAddress?: string;
}

/** Reads the surroundings out of the facts. A rented server has no LAN but what `network.lan` names. */
export function surroundings(
  { network, ssh }: Pick<Facts, 'network' | 'ssh'>,
  pinned: HostNetwork,
): Surroundings {
  const { main, hasLan } = network;
  return {
    addresses: main?.addresses.map(({ address }) => address) ?? [],
    lan: [...(hasLan ? (main?.prefixes ?? []) : []), ...pinned.lan],
    ...(ssh.connection ? { clientAddress: ssh.connection.clientAddress } : {}),
  };
}

/** Whether an address counts as `lan` for this host. */
export function isLan(address: string, { lan }: Surroundings): boolean {
  return lan.some((network) => inNetwork(address, network));
}

/**
 * Whether `here` is on the host's LAN. Its own address alone does not prove it: a café's network may be numbered
 * like the one at home. So the host has to see it come from the LAN too.
 */
export function isHereOnLan(sources: Iterable<string>, around: Surroundings): boolean {
  const inside = [...sources].some((source) => isLan(source, around));
  return inside && (around.clientAddress === undefined || isLan(around.clientAddress, around));
}

/**
 * What is tried from outside: addresses that mean the same machine everywhere. A private one belongs to another
 * machine out there, or to none; `everything` (in the lab, where nobody else is) tries them all the same, to prove that
 * nobody gets in. Behind a router that is all that the host's own IPv6 addresses are tried for: routers at home keep
 * incoming IPv6 out, and a mapping is for IPv4 alone.
 */
export function targetsFromOutside(
  { addresses }: Surroundings,
  router: string | undefined,
  everything: boolean,
): Target[] {
  const own = addresses.filter((address) => everything || !isPrivateAddress(address));
  const behindRouter = isBehindRouter(addresses);
  const targets = own.map((address): Target => {
    const aside = behindRouter || isPrivateAddress(address);
    return { address, of: 'host', ...(aside && { aside }) };
  });
  return router === undefined || own.includes(router)
    ? targets
    : [...targets, { address: router, of: 'router' }];
}

/** It has IPv4, and no public address of it. */
function isBehindRouter(addresses: readonly string[]): boolean {
  const own = addresses.filter((address) => familyOf(address) === 4);
  return own.length > 0 && !own.some(isPublicAddress);
}

/** Of the internet: neither private nor shared among a provider's customers (RFC 6598). */
export function isPublicAddress(address: string): boolean {
  return !isPrivateAddress(address) && !inNetwork(address, '100.64.0.0/10');
}
