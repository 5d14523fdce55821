import { findLan } from '../../src/compose/lan.ts';
import { UserError } from '../../src/errors.ts';
import { familyOf, isLoopback, isPrivateAddress } from '../../src/facts/address.ts';
import type { Listener } from '../../src/facts/probes/listeners.ts';
import type { DnsContext } from './inputs.ts';

/** Addresses of systemd-resolved's stub (systemd-resolved.service(8)): no interface has them, so named leaves them alone. */
const STUBS = ['127.0.0.53', '127.0.0.54'];

/** Who may ask, as an address match list. Prefixes change: `localnets` is what the interfaces have at the time. */
export function lanRanges({ facts, network, expose }: DnsContext): readonly string[] {
  if (expose === 'host') return [];
  const lan = findLan(facts.network, network);
  if (lan.interfaces.length === 0) return lan.ranges;
  const strangers = facts.network.interfaces.some(
    ({ name, loopback, addresses }) =>
      !loopback &&
      !lan.interfaces.includes(name) &&
      (facts.network.defaultRoutes.some((route) => route.interface === name) ||
        // A single address is one of a VPN.
        addresses.some(
          ({ address, family, prefixLength }) =>
            family === 4 && prefixLength < 32 && !isPrivateAddress(address),
        )),
  );
  // Beside an interface among strangers, only what is private by its number (RFC 1918, RFC 4193), or on the same link.
  const local = strangers
    ? [
        ...lan.prefixes.filter((prefix) => familyOf(prefix.split('/')[0] ?? '') === 4),
        'fc00::/7',
        'fe80::/10',
      ]
    : ['localnets'];
  return [...new Set([...local, ...lan.ranges])];
}

/** What named listens on, as address match lists. */
export interface Listens {
  readonly four: readonly string[];
  readonly six: readonly string[];
  /** What other programs hold, and keep. */
  readonly left: readonly Listener[];
  /** Units that hold what this role is for, and do nothing else: it takes their place. */
  readonly replaced: readonly string[];
}

/**
 * Every address but those that other programs hold: a resolver of virtual machines, NetworkManager's.
 * @throws {UserError} when one of them holds what this role is for
 */
export function listens(context: DnsContext): Listens {
  const { facts, expose } = context;
  const others = facts.listeners.filter(
    ({ port, process, address, interface: dev }) =>
      port === 53 && process !== 'named' && process !== '' && !STUBS.includes(address) && dev === undefined,
  );
  const wanted = expose === 'host' ? ['127.0.0.1', '::1'] : lanAddresses(context);
  const taken = others.filter(({ address }) => ['0.0.0.0', '::', ...wanted].includes(address));
  const fixed = taken.find((listener) => !isReplaceable(listener, facts.listeners));
  if (fixed) throw new UserError(refusal(fixed));
  const replaced = [...new Set(taken.map(({ unit = '' }) => unit.replace(/\.service$/, '')))];
  const kept = others.filter(({ unit = '' }) => !replaced.includes(unit.replace(/\.service$/, '')));
  const held = [...new Set(kept.map(({ address }) => address))].sort();
  const list = (family: 4 | 6): readonly string[] =>
    expose === 'host'
      ? [family === 4 ? '127.0.0.1' : '::1']
      : [...held.filter((address) => familyOf(address) === family).map((address) => `!${address}`), 'any'];
  const left = kept.filter(
    (one, index) => kept.findIndex(({ address }) => address === one.address) === index,
  );
  return { four: list(4), six: list(6), left, replaced };
}

/** Debian's own service of dnsmasq, as long as it gives out no addresses (DHCP, RFC 2131 and 8415) beside names. */
function isReplaceable({ process, unit }: Listener, all: readonly Listener[]): boolean {
  return (
    process === 'dnsmasq' &&
    unit === 'dnsmasq.service' &&
    !all.some((one) => one.unit === unit && (one.port === 67 || one.port === 547))
  );
}

function lanAddresses({ facts }: DnsContext): readonly string[] {
  return (facts.network.main?.addresses ?? [])
    .map(({ address }) => address)
    .filter((address) => !isLoopback(address));
}

function refusal({ process, address, unit, docker }: Listener) {
  const program = docker ? 'a container of Docker' : process;
  const resolved = process === 'systemd-resolve';
  return {
    message: `Port 53 is taken on the host: ${program} answers there (${address}).`,
    hint: resolved
      ? 'It is told so by DNSStubListenerExtra in resolved.conf(5): take that line out. Its own address 127.0.0.53 can stay.'
      : process === 'dnsmasq'
        ? 'If it only gives out addresses, set port=0 in its configuration; if it is for virtual machines, bind-interfaces.'
        : `Stop it first${unit ? ` (systemctl disable --now ${unit})` : ''}: but whatever the host itself resolves names by has to stay.`,
  };
}
