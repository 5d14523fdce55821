import { sh } from '../../quote.ts';
import type { Step } from '../kind.ts';
import type { DatabaseSpec, DatabaseState } from '../postgres-database.ts';
import { slot } from '../shared/slot.ts';
import { ask, psql, requireServer, runSql, serverForUndo } from './psql.ts';
import { identifier, literal } from './sql.ts';

/** True in a database in which nobody has made anything yet; what extensions brought does not count. */
const EMPTY = `SELECT NOT EXISTS (
  SELECT FROM (SELECT oid, relnamespace AS namespace, 'pg_class'::regclass AS class FROM pg_class
    UNION ALL SELECT oid, pronamespace, 'pg_proc'::regclass FROM pg_proc
    UNION ALL SELECT oid, typnamespace, 'pg_type'::regclass FROM pg_type) AS made
  JOIN pg_namespace ON pg_namespace.oid = made.namespace
  WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_(toast|temp)'
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = made.class AND objid = made.oid AND deptype = 'e')
) AND NOT EXISTS (SELECT FROM pg_largeobject_metadata);`;

/** What a new database is like, whatever locale the cluster was made in. */
export function createDatabase(name: string, owner: string): string {
  // C.UTF-8 is on every machine, and its order never changes: indexes stay right when the C library is upgraded.
  return `CREATE DATABASE ${identifier(name)} OWNER ${identifier(owner)} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';`;
}

/** Nobody but the owner and superusers: PostgreSQL lets every role connect to every database unless told otherwise. */
export function closeDatabase(name: string): string {
  return `REVOKE CONNECT, TEMPORARY ON DATABASE ${identifier(name)} FROM PUBLIC;`;
}

/** What runs on the host to make a database, or to set its owner. */
export function databaseStep({ cluster, name, owner }: DatabaseSpec, state: DatabaseState): Step {
  const before = slot('postgres-database', name);
  const own = `FROM pg_database WHERE datname = ${literal(name)}`;
  const looks = `SELECT pg_get_userbyid(datdba), has_database_privilege('public', oid, 'CONNECT') ${own}`;
  // The server itself quotes the names that it gives us.
  const restoring = `SELECT format('ALTER DATABASE %I OWNER TO %I;', datname, pg_get_userbyid(datdba)) ||
  CASE WHEN has_database_privilege('public', oid, 'CONNECT')
    THEN format(' GRANT CONNECT, TEMPORARY ON DATABASE %I TO PUBLIC;', datname) ELSE '' END ${own}`;
  const database = identifier(name);
  return {
    converged: sh`[ ${ask(cluster, looks)} = ${`${owner}|f`} ]`,
    unmoved:
      typeof state === 'string'
        ? sh`[ -z ${ask(cluster, looks)} ]`
        : sh`[ ${ask(cluster, looks)} = ${`${state.owner}|${state.open ? 't' : 'f'}`} ]`,
    record: sh`${requireServer(cluster)}
${runSql(cluster, restoring)} >${before} || exit 1`,
    change: sh`if [ -z ${ask(cluster, looks)} ]; then ${runSql(cluster, createDatabase(name, owner))} || exit 1; fi
${runSql(cluster, `ALTER DATABASE ${database} OWNER TO ${identifier(owner)}; ${closeDatabase(name)}`)}`,
    after: sh`${runSql(cluster, looks)} >${before}.left 2>/dev/null`,
    undo: sh`[ -e ${before} ] || exit 0
${serverForUndo(cluster)}
[ -n ${ask(cluster, looks)} ] || exit 0
if [ ! -s ${before} ]; then
  if [ -n "\${HW_PURGE:-}" ]; then ${runSql(cluster, `DROP DATABASE ${database} WITH (FORCE)`)}; exit; fi
  case ${ask(cluster, `\\connect ${database}\n${EMPTY}`)} in
  t) ;;
  *) hw_stays ${`the PostgreSQL database ${name}`} 'since it holds data'; exit 0 ;;
  esac
  ${runSql(cluster, `DROP DATABASE ${database}`)} 2>/dev/null ||
    hw_stays ${`the PostgreSQL database ${name}`} 'since it is in use'
  exit 0
fi
[ ! -s ${before}.left ] || [ ${ask(cluster, looks)} = "$(cat -- ${before}.left)" ] || {
  hw_stays ${`the owner of the PostgreSQL database ${name}`} 'since it was changed'; exit 0
}
${psql(cluster)} <${before}`,
    remember: owner,
  };
}
