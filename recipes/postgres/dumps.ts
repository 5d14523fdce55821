import type { DumpFunctions } from '../../src/compose/dumps/program.ts';
import type { Dumps } from '../../src/compose/dumps.ts';
import { joinShell, type Shell, sh } from '../../src/quote.ts';
import { closeDatabase, createDatabase } from '../../src/resources/postgres/database-step.ts';
import { identifier, literal } from '../../src/resources/postgres/sql.ts';
import type { Cluster } from './cluster.ts';
import { databasesOf, type PostgresInput } from './inputs.ts';

/** Names that no database of a host file has (see inputs). One restore at a time has them. */
const NEW = 'hostwright_new';
const OLD = 'hostwright_old';
/** That what IF EXISTS asks for is not there, is no news. */
const QUIET = 'SET client_min_messages = warning;';

export function dumpsOf({ role, input }: { readonly role: string; readonly input: PostgresInput }): Dumps {
  return { role, user: 'postgres', databases: databasesOf(input).map(({ name }) => name) };
}

/** How PostgreSQL's databases are dumped and restored, by its own tools and as its own account. */
export function dumpFunctions({ id }: Pick<Cluster, 'id'>, input: PostgresInput): DumpFunctions {
  const tool = (name: string): Shell => sh`${`/usr/bin/${name}`} --cluster ${id}`;
  const psql = sh`${tool('psql')} -XqAtw -v ON_ERROR_STOP=1 -d postgres`;
  const sql = (text: string): Shell => sh`printf '%s\n' ${text} | ${psql}`;
  return {
    ready: sh`[ "$(${sql('SELECT 1')} 2>/dev/null)" = 1 ]`,
    // Names have small letters, digits and underscores, so they are themselves in a string.
    has: sh`[ "$(printf "SELECT 1 FROM pg_database WHERE datname = '%s'\n" "$1" | ${psql})" = 1 ]`,
    // The custom form is compressed, and pg_restore can take single tables out of it.
    dump: sh`${tool('pg_dump')} --format=custom --no-password --file="$2" -- "$1"`,
    // Names and memberships of roles, without passwords: those are in the vault.
    dumpMore: sh`${tool('pg_dumpall')} --globals-only --no-role-passwords --no-password >"$1/globals.sql"`,
    restore: restore(sql, tool('pg_restore'), input),
  };
}

/**
 * Into a new database, which then takes the old one's place in one transaction: whenever it is cut off, the database is
 * either as it was or as it is in the dump.
 */
function restore(sql: (text: string) => Shell, pgRestore: Shell, input: PostgresInput): Shell {
  const cases = databasesOf(input).map(
    ({ name, owner }) => sh`${name})
  ${sql(`${QUIET} DROP DATABASE IF EXISTS ${NEW} WITH (FORCE); DROP DATABASE IF EXISTS ${OLD} WITH (FORCE);
${createDatabase(NEW, owner)}
${closeDatabase(NEW)}
${copyRights(name)}`)} || return 1
  ${pgRestore} --no-password --exit-on-error ${`--dbname=${NEW}`} -- "$2" || { ${sql(`DROP DATABASE ${NEW}`)}; return 1; }
  tries=0
  # Whoever is connected is cut off, and may be back at once.
  until ${sql(swap(name))}; do
    tries=$((tries + 1))
    [ "$tries" -lt 10 ] || { ${sql(`DROP DATABASE ${NEW}`)}; return 1; }
    sleep 1
  done
  ${sql(`${QUIET} DROP DATABASE IF EXISTS ${OLD} WITH (FORCE);`)} ;;`,
  );
  return sh`case $1 in
${joinShell(cases)}
*) return 1 ;;
esac`;
}

/** What the database of today grants and sets is not part of its dump, and goes on. */
function copyRights(name: string): string {
  const own = `datname = ${literal(name)}`;
  return `SELECT format('GRANT %s ON DATABASE ${NEW} TO %I', privilege_type, rolname)
FROM pg_database, aclexplode(datacl) AS granted JOIN pg_roles ON pg_roles.oid = grantee WHERE ${own} \\gexec
SELECT format(CASE WHEN one LIKE 'search_path=%' THEN 'ALTER DATABASE ${NEW} SET %I = %s' ELSE 'ALTER DATABASE ${NEW} SET %I = %L' END,
  split_part(one, '=', 1), substr(one, strpos(one, '=') + 1))
FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase, unnest(setconfig) AS one
WHERE setrole = 0 AND ${own} \\gexec`;
}

function swap(name: string): string {
  return `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = ${literal(name)} \\g /dev/null
BEGIN;
SELECT format('ALTER DATABASE %I RENAME TO ${OLD}', datname) FROM pg_database WHERE datname = ${literal(name)} \\gexec
ALTER DATABASE ${NEW} RENAME TO ${identifier(name)};
COMMIT;`;
}
