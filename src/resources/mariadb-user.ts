import { z } from 'zod';
import { HostError } from '../errors.ts';
import { Secret } from '../secrets/secret.ts';
import { type DiffContext, type Difference, defineKind } from './kind.ts';
import { accountHost, databaseName, databaseUser } from './mariadb/names.ts';
import { observing, parseAsked } from './mariadb/sql.ts';
import { accountRow, accountRows, grantRow } from './mariadb/user-rows.ts';
import { userStep } from './mariadb/user-step.ts';
import { nativeVerifier } from './mariadb/verifier.ts';

const schema = z.strictObject({
  user: databaseUser(),
  secret: z.instanceof(Secret),
  /** Where it may connect from. To MariaDB each is an account of its own, with the same password. */
  places: z.array(z.strictObject({ host: accountHost(), tls: z.boolean().default(false) })).min(1),
  /** Databases in which it may do everything, except pass its rights on. */
  owns: z.array(databaseName()).default([]),
});

export type UserSpec = z.output<typeof schema>;

/** An account as it was found: rows of {@link accountRows}. */
export interface UserState {
  /** False while nobody can tell: MariaDB is installed and does not answer. */
  readonly known: boolean;
  readonly rows: readonly string[];
}

/** Somebody who uses databases, and what is theirs. */
export const kind = defineKind({
  name: 'mariadb-user',
  describe:
    'An account of MariaDB with its password out of the vault, the places it connects from, and the databases that are its own. The host gets a verifier, never the password.',
  schema,
  key: ({ user }) => user,

  observe: (specs) => observing(accountRows(specs.map(({ user }) => user))),

  parse(output, specs) {
    const asked = parseAsked(output);
    if (!asked)
      throw new HostError('The host sent an incomplete list of accounts of MariaDB', { hint: 'Try again.' });
    return specs.map(
      ({ user }): UserState => ({
        known: asked.server !== 'silent',
        rows: asked.rows.filter(([, found]) => found === user).map((row) => row.join('\t')),
      }),
    );
  },

  diff(spec, { known, rows }, context) {
    if (!known) {
      const summary = 'create the account unless it is there (not known yet: MariaDB does not answer)';
      return { action: 'create', summary };
    }
    const wrong = wrongAccounts(spec, rows);
    if (wrong.length > 0) return setPassword(spec, wrong, context);
    const missing = spec.places.filter(({ host }) => !hostsOf(rows).includes(host));
    const changes = [
      ...(missing.length > 0 ? [`let it connect from ${missing.map(({ host }) => host).join(', ')}`] : []),
      ...ungranted(
        spec,
        rows,
        missing.map(({ host }) => host),
      ).map((name) => `give it the database ${name}`),
      ...outdated(spec, rows, context).map((host) => `no longer from ${host}`),
    ];
    if (changes.length === 0) return undefined;
    if (missing.length === spec.places.length) {
      const owns = spec.owns.length > 0 ? `, owner of ${spec.owns.join(', ')}` : '';
      return { action: 'create', summary: `create the account with the password that the vault has${owns}` };
    }
    return { action: 'update', summary: changes.join('; ') };
  },

  notes(spec, { rows }, context) {
    const known = [...spec.places.map(({ host }) => host), ...outdated(spec, rows, context)];
    const others = hostsOf(rows).filter((host) => !known.includes(host));
    return others.map(
      (host) =>
        `MariaDB also lets ${spec.user} in from ${host === '%' ? 'anywhere (%)' : host}, with a password of its own: hostwright did not make that account, and leaves it alone`,
    );
  },

  step: (spec, state, context) => userStep(spec, state, outdated(spec, state.rows, context ?? {})),
});

function hostsOf(rows: readonly string[]): readonly string[] {
  return rows.flatMap((row) => {
    const [what, , host = ''] = row.split('\t');
    return what === 'account' ? [host] : [];
  });
}

/** Accounts that are there and that another password opens, or without TLS. */
function wrongAccounts({ user, secret, places }: UserSpec, rows: readonly string[]): readonly string[] {
  const verifier = nativeVerifier(secret.reveal());
  return places.flatMap(({ host, tls }) => {
    const found = rows.find((row) => row.startsWith(`account\t${user}\t${host}\t`));
    return found === undefined || found === accountRow({ user, host, tls, verifier }) ? [] : [found];
  });
}

/** What is there has another password, or is otherwise than declared. */
function setPassword({ secret }: UserSpec, wrong: readonly string[], context: DiffContext): Difference {
  const { remembered, adopted } = context;
  const isEarlier = (row: string) =>
    secret.earlier.some((one) => row.split('\t').includes(nativeVerifier(one.reveal())));
  if (secret.earlierUnknown || wrong.every(isEarlier))
    return { action: 'update', summary: 'set the new password that the vault has' };
  if (remembered === undefined) {
    return {
      action: 'update',
      summary: 'take over the account that is there: its password becomes the one in the vault',
      touchesForeign: true,
      ...(!adopted && { conflict: 'adopt' }),
    };
  }
  return {
    action: 'update',
    summary: 'set password and TLS as declared (they were changed on the host since)',
    conflict: 'edited',
  };
}

/** Databases that it does not fully have from everywhere it may connect from. */
function ungranted(
  { user, owns, places }: UserSpec,
  rows: readonly string[],
  missing: readonly string[],
): readonly string[] {
  return owns.filter((database) =>
    places.some(({ host }) => !missing.includes(host) && !rows.includes(grantRow({ user, host, database }))),
  );
}

/** Places that were ours and are not declared any more: the LAN has another network now. */
function outdated(
  { places }: UserSpec,
  rows: readonly string[],
  { remembered = '' }: Partial<DiffContext>,
): readonly string[] {
  const ours = remembered.split(' ');
  const now = places.map(({ host }) => host);
  return hostsOf(rows).filter((host) => ours.includes(host) && !now.includes(host));
}
