import { findLan } from '../../src/compose/lan.ts';
import type { PlanNote } from '../../src/compose/recipe.ts';
import { UserError } from '../../src/errors.ts';
import { familyOf } from '../../src/facts/address.ts';
import type { MariadbContext } from './inputs.ts';

/** Where accounts may connect from. */
export interface Place {
  /** As MariaDB writes it: a network with its mask for IPv4, the beginning of an address for IPv6. */
  readonly host: string;
  readonly tls: boolean;
}

export interface Places {
  readonly places: readonly Place[];
  readonly notes: readonly Omit<PlanNote, 'role'>[];
}

/** `localhost` is the socket: the server looks up no names, so its own address is another place. */
const HERE: readonly Place[] = ['localhost', '127.0.0.1', '::1'].map((host) => ({ host, tls: false }));

/**
 * Decides from where the accounts of the host file may connect. Pure.
 * @throws {UserError} when it is meant to be open to the internet
 */
export function placesFor({ expose, facts, network, host }: MariadbContext): Places {
  if (expose === 'internet') throw new UserError(notForTheInternet());
  if (expose === 'host') return { places: HERE, notes: [] };
  const lan = findLan(facts.network, network);
  const ranges = [...new Set([...lan.prefixes, ...lan.ranges])];
  const patterns = ranges.flatMap((range) => patternsOf(range));
  const unwritable = ranges.filter((range) => patternsOf(range).length === 0);
  return {
    places: [...HERE, ...patterns.map((pattern) => ({ host: pattern, tls: true }))],
    notes: [
      ...(ranges.length === 0 ? [noLan()] : []),
      ...unwritable.map((range) => ({
        level: 'warning' as const,
        text: `MariaDB cannot let in ${range}: it knows IPv6 networks by whole groups of four digits only, such as /48 and /64.`,
      })),
      ...(lan.prefixes.some((prefix) => familyOf(prefix.split('/')[0] ?? '') === 6)
        ? [
            {
              level: 'info' as const,
              text: `MariaDB knows the LAN’s IPv6 networks as they are today. When your provider gives another one, apply again; until then ${host} is reached over IPv4.`,
            },
          ]
        : []),
    ],
  };
}

/** A network as MariaDB compares it with the address that connects; empty when it cannot. */
export function patternsOf(range: string): readonly string[] {
  const [address = '', bits = ''] = range.split('/');
  const length = Number(bits);
  if (familyOf(address) === 4) return [length === 32 ? address : `${address}/${maskOf(length)}`];
  if (length === 128) return [address];
  if (length === 0 || length % 16 !== 0) return [];
  const groups = groupsOf(address).slice(0, length / 16);
  const zeros = groups.length - (groups.findLastIndex((group) => group !== '0') + 1);
  const start = groups.slice(0, groups.length - zeros).join(':');
  // Zeros at the end of the prefix are written out, or shortened together with those that follow (RFC 5952).
  return zeros === 0 ? [`${start}:%`] : [`${groups.join(':')}:%`, `${start}::%`];
}

function maskOf(length: number): string {
  return [0, 8, 16, 24].map((before) => 256 - 2 ** (8 - Math.min(8, Math.max(0, length - before)))).join('.');
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): readonly string[] {
  const [head = '', tail] = address.split('::');
  const before = head.split(':').filter((group) => group !== '');
  const after = (tail ?? '').split(':').filter((group) => group !== '');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return tail === undefined ? before : [...before, ...zeros, ...after];
}

function noLan(): Omit<PlanNote, 'role'> {
  return {
    level: 'warning',
    text: 'This machine is in no LAN, so nobody but itself is let in. Say who is: network: { lan: [10.8.0.0/24] }, for a VPN.',
  };
}

function notForTheInternet() {
  return {
    message:
      'A database server is not for the internet: passwords are guessed there day and night, and one hole is all data.',
    hint: 'Use expose: lan, and come in by a VPN (its range in network.lan) or by ssh: ssh -L 3306:localhost:3306 HOST.',
  };
}
