import { familyOf, inNetwork, isPrivateAddress, networkOf } from '../facts/address.ts';
import type { Network } from '../facts/probes/network.ts';
import type { HostNetwork } from './recipe.ts';

/** What counts as LAN on one host. */
export interface Lan {
  /** Interfaces on which the LAN's machines arrive; empty on a rented server. */
  readonly interfaces: readonly string[];
  /** The networks on those interfaces now. They change: only for firewalls that cannot follow them. */
  readonly prefixes: readonly string[];
  /** `network.lan` of the host file. */
  readonly ranges: readonly string[];
}

/** Finds the LAN: the pinned interface, else the main one if nothing on it is public IPv4, and its twins. */
export function findLan(network: Network, pinned: HostNetwork): Lan {
  const names = pinned.interface === undefined ? ownInterfaces(network) : [pinned.interface];
  const prefixes = network.interfaces
    .filter(({ name }) => names.includes(name))
    .flatMap(({ addresses }) => addresses)
    .flatMap(({ scope, address, prefixLength }) =>
      scope === 'global' && !isSingle(address, prefixLength) ? (networkOf(address, prefixLength) ?? []) : [],
    );
  const onMain = network.main && names.includes(network.main.name) ? network.main.prefixes : [];
  return {
    interfaces: names,
    prefixes: [...new Set([...prefixes, ...onMain])].sort(),
    ranges: [...new Set(pinned.lan)].sort(),
  };
}

/** Wired and wireless into one network are both the LAN; a bridge of containers is not. */
function ownInterfaces({ interfaces, main, hasLan }: Network): readonly string[] {
  if (!main || !hasLan) return [];
  const four = main.addresses.filter(({ family }) => family === 4);
  // Some providers put a private address beside the public one: the neighbours there are strangers.
  if (!four.every(({ address }) => isPrivateAddress(address))) return [];
  const shared = new Set(main.prefixes);
  const twins = interfaces.filter(
    ({ name, up, loopback, addresses }) =>
      name !== main.name &&
      up &&
      !loopback &&
      addresses.some(({ address, prefixLength }) => shared.has(networkOf(address, prefixLength) ?? '')),
  );
  return [main.name, ...twins.map(({ name }) => name).sort()];
}

/** /32 and /128 are an address of ours, not a network of neighbours. */
function isSingle(address: string, prefixLength: number): boolean {
  return prefixLength === (familyOf(address) === 4 ? 32 : 128);
}

/** Whether an address that connects from outside is one of the LAN's. */
export function isInLan({ interfaces, prefixes, ranges }: Lan, address: string): boolean {
  const here = interfaces.length > 0 ? [...prefixes, 'fe80::/10'] : [];
  return [...here, ...ranges].some((network) => inNetwork(address, network));
}
