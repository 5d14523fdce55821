import { findLan } from '../../src/compose/lan.ts';
import type { PlanNote } from '../../src/compose/recipe.ts';
import { UserError } from '../../src/errors.ts';
import { isPrivateAddress } from '../../src/facts/address.ts';
import type { Cluster } from './cluster.ts';
import { databasesOf, type PostgresContext, rolesOf } from './inputs.ts';

/** pg_hba.conf as pg_createcluster(1) makes it. */
const STOCK = [
  'local all postgres peer',
  'local all all peer',
  'host all all 127.0.0.1/32 scram-sha-256',
  'host all all ::1/128 scram-sha-256',
  'local replication all peer',
  'host replication all 127.0.0.1/32 scram-sha-256',
  'host replication all ::1/128 scram-sha-256',
];

/** The rules of ours, beside pg_hba.conf. */
export const OWN_RULES = 'hostwright_hba.conf';

/** Who may log in, and from where. */
export interface Access {
  /** Data of the template of the rules; absent where rules made by hand stay in force. */
  readonly rules?: {
    readonly ranges: readonly string[];
    readonly databases: readonly string[];
    readonly roles: readonly string[];
  };
  readonly listen: string;
  readonly notes: readonly Omit<PlanNote, 'role'>[];
}

/**
 * Decides who may log in. Rules that somebody wrote stay as they are.
 * @throws {UserError} when it is meant to be open to the internet
 */
export function decideAccess(context: PostgresContext, { found, folder }: Cluster): Access {
  const { expose, input } = context;
  if (expose === 'internet') throw new UserError(notForTheInternet());
  // samehost: the machine itself, by an address of its own.
  const lan = expose === 'lan' ? lanRanges(context) : [];
  const ranges = expose === 'lan' ? ['samehost', ...lan] : [];
  const rules = { ranges, databases: databasesOf(input).map(({ name }) => name), roles: rolesOf(input) };
  const listen = expose === 'lan' ? '*' : 'localhost';
  const stock = `${folder}/pg_hba.conf`;
  const file = found?.settings.hba_file?.value ?? stock;
  if (found && !found.own?.rules && (file !== stock || !isStock(found.rules)))
    return { listen, notes: [handMade(file, rules)] };
  return {
    rules,
    listen,
    notes: [
      ...(expose === 'lan' && lan.length === 0 ? [noLan()] : []),
      ...(found && !isStock(found.rules) ? [notInForce(stock, folder)] : []),
    ],
  };
}

/** What counts as LAN, in words of pg_hba.conf. IPv6 prefixes come and go: `samenet` follows them. */
function lanRanges({ facts: { network }, network: pinned }: PostgresContext): readonly string[] {
  const lan = findLan(network, pinned);
  if (lan.interfaces.length === 0) return lan.ranges;
  // samenet means the networks of all interfaces: with one on the internet, those of strangers too.
  const strangers = network.interfaces.some(
    ({ name, loopback, up, addresses }) =>
      up &&
      !loopback &&
      !lan.interfaces.includes(name) &&
      addresses.some(({ scope, address }) => scope === 'global' && !isPrivateAddress(address)),
  );
  if (!strangers) return ['samenet', ...lan.ranges];
  const lasting = lan.prefixes.filter((prefix) => isPrivateAddress(prefix.split('/')[0] ?? ''));
  return [...new Set(['fe80::/10', ...lasting, ...lan.ranges])];
}

function isStock(rules: readonly string[]): boolean {
  return rules.length === STOCK.length && STOCK.every((rule) => rules.includes(rule));
}

function handMade(
  file: string,
  { ranges, databases, roles }: NonNullable<Access['rules']>,
): Omit<PlanNote, 'role'> {
  const rules = ranges.map(
    (range) => `hostssl ${databases.join(',')} ${roles.join(',')} ${range} scram-sha-256`,
  );
  const missing = rules.length === 0 ? '' : ` What the LAN needs in it: ${rules.join('; ')}.`;
  return {
    level: 'warning',
    text: `${file} was written by hand: it stays, and goes on saying who may log in.${missing}`,
  };
}

/** Somebody has written rules since ours took their place. */
function notInForce(file: string, folder: string): Omit<PlanNote, 'role'> {
  return {
    level: 'warning',
    text: `${file} was changed by hand and says nothing: ${folder}/${OWN_RULES} is in force. Say in the host file who may log in.`,
  };
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
    hint: 'Use expose: lan, and come in by a VPN (its range in network.lan) or by ssh: ssh -L 5432:localhost:5432 HOST.',
  };
}
