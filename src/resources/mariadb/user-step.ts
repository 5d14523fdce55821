import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Shell, sh } from '../../quote.ts';
import type { Blob, Step } from '../kind.ts';
import type { UserSpec, UserState } from '../mariadb-user.ts';
import { slot } from '../shared/slot.ts';
import {
  client,
  goneWithServer,
  needServer,
  query,
  STANDARD_MODE,
  sqlAccount,
  sqlGrantName,
  sqlText,
} from './sql.ts';
import { accountRow, accountRows, grantRow } from './user-rows.ts';
import { nativeVerifier } from './verifier.ts';

/**
 * What runs on the host for an account. No part of a script holds a verifier: SQL and what must come of it are in blobs.
 * @param outdated places of ours that go
 */
export function userStep(spec: UserSpec, { rows }: UserState, outdated: readonly string[]): Step {
  const { user, places, owns } = spec;
  const before = slot('mariadb-user', user);
  const hosts = [...places.map(({ host }) => host), ...outdated];
  const listed = listing(user, hosts, owns);
  const blobs = { sql: `mariadb-user-${user}.sql`, rows: `mariadb-user-${user}.rows` };
  return {
    converged: sh`[ "$(${listed} 2>/dev/null)" = "$(cat -- "$HW_BLOBS"/${blobs.rows})" ]`,
    unmoved: sh`[ "$(${listed} 2>/dev/null | ${digest})" = ${sha256(lines(concerned(rows, hosts, owns)))} ]`,
    record: sh`${needServer}
(umask 077; ${listed} >${before} && ${statements(user, hosts)} >${before}.sql)`,
    change: sh`${needServer}
${client} <"$HW_BLOBS"/${blobs.sql}`,
    after: sh`(umask 077; ${listed} 2>/dev/null | ${digest} >${before}.left)`,
    undo: sh`${goneWithServer}
[ -e ${before}.sql ] || exit 0
${needServer}
hw_now=$(${listed} | ${digest})
[ "$hw_now" != "$(${digest} <${before})" ] || exit 0
if [ -s ${before}.left ] && [ "$hw_now" != "$(cat -- ${before}.left)" ]; then
  hw_stays ${`the account ${user} of MariaDB`} 'since it was changed'; exit 0
fi
{ printf '%s\n' ${[STANDARD_MODE, ...hosts.map((host) => `DROP USER IF EXISTS ${sqlAccount({ user, host })};`)]}; cat -- ${before}.sql; } | ${client}`,
    blobs: [
      blobOf(blobs.sql, statementsFor(spec, outdated), spec),
      blobOf(blobs.rows, lines(wanted(spec)), spec),
    ],
    remember: places.map(({ host }) => host).join(' '),
  };
}

const digest = sh`sha256sum | cut -c 1-64`;

/** Rows in one order on both sides. */
function lines(rows: readonly string[]): string {
  return rows
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((row) => `${row}\n`)
    .join('');
}

function listing(user: string, hosts: readonly string[], databases: readonly string[]): Shell {
  return sh`{ ${query(accountRows([user], { hosts, databases }))} | LC_ALL=C sort; }`;
}

/** Of what was observed, the rows that {@link listing} prints. */
function concerned(rows: readonly string[], hosts: readonly string[], databases: readonly string[]) {
  return rows.filter((row) => {
    const [what, , host = '', database = ''] = row.split('\t');
    return hosts.includes(host) && (what === 'account' || databases.includes(database));
  });
}

function wanted({ user, secret, places, owns }: UserSpec): readonly string[] {
  const verifier = nativeVerifier(secret.reveal());
  return places.flatMap(({ host, tls }) => [
    accountRow({ user, host, tls, verifier }),
    ...owns.map((database) => grantRow({ user, host, database })),
  ]);
}

function statementsFor({ user, secret, places, owns }: UserSpec, outdated: readonly string[]): string {
  const by = `IDENTIFIED BY PASSWORD ${sqlText(nativeVerifier(secret.reveal()))}`;
  const made = places.flatMap(({ host, tls }) => {
    const account = sqlAccount({ user, host });
    const how = `${by} REQUIRE ${tls ? 'SSL' : 'NONE'}`;
    return [
      `CREATE USER IF NOT EXISTS ${account} ${how};`,
      `ALTER USER ${account} ${how} ACCOUNT UNLOCK;`,
      ...owns.map((database) => `GRANT ALL PRIVILEGES ON ${sqlGrantName(database)}.* TO ${account};`),
    ];
  });
  const dropped = outdated.map((host) => `DROP USER IF EXISTS ${sqlAccount({ user, host })};`);
  return `${[STANDARD_MODE, ...made, ...dropped].join('\n')}\n`;
}

/** Prints the statements that make what is there of these accounts anew, verifiers and rights included. */
function statements(user: string, hosts: readonly string[]): Shell {
  const asking = `SELECT CONCAT('SHOW CREATE USER ', QUOTE(User), '@', QUOTE(Host), '; SHOW GRANTS FOR ', QUOTE(User), '@', QUOTE(Host), ';')
FROM mysql.global_priv WHERE User = ${sqlText(user)} AND Host IN (${hosts.map(sqlText).join(', ')});`;
  return sh`{ printf '%s\n' ${STANDARD_MODE}; ${query(asking)}; } | ${client} --raw | sed 's/$/;/; s/^CREATE USER /CREATE OR REPLACE USER /'`;
}

function blobOf(name: string, text: string, { secret }: UserSpec): Blob {
  const bytes = Buffer.from(text);
  return {
    name,
    sha256: sha256(bytes),
    size: bytes.length,
    secret: secret.planMark,
    open: () => Readable.from([bytes]),
  };
}

function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
