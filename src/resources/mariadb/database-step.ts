import { type Shell, sh } from '../../quote.ts';
import type { Step } from '../kind.ts';
import type { DatabaseSpec, DatabaseState } from '../mariadb-database.ts';
import { slot } from '../shared/slot.ts';
import { client, goneWithServer, needServer, query, sqlName, sqlText } from './sql.ts';

/** One row for each database that there is: name, character set, collation. */
export function databaseRows(names: readonly string[]): string {
  return `SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME
FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN (${names.map(sqlText).join(', ')});`;
}

/** What runs on the host to make a database, or to give it another character set for tables to come. */
export function databaseStep({ name, charset, collation }: DatabaseSpec, { found }: DatabaseState): Step {
  const before = slot('mariadb-database', name);
  const rows = query(databaseRows([name]));
  const as = `CHARACTER SET ${charset} COLLATE ${collation}`;
  return {
    converged: sh`[ "$(${rows} 2>/dev/null)" = ${row(name, charset, collation)} ]`,
    unmoved: sh`[ "$(${rows} 2>/dev/null)" = ${found ? row(name, found.charset, found.collation) : ''} ]`,
    record: sh`${needServer}
${rows} >${before}`,
    change: sh`${needServer}
${query(`CREATE DATABASE IF NOT EXISTS ${sqlName(name)} ${as}; ALTER DATABASE ${sqlName(name)} ${as};`)}`,
    undo: sh`${goneWithServer}
[ -e ${before} ] || exit 0
${needServer}
if [ -s ${before} ]; then
  ${asItWas(name, before, row(name, charset, collation))}
elif [ -n "$(${rows})" ]; then
  ${takeOut(name)}
fi`,
    remember: collation,
  };
}

function row(name: string, charset: string, collation: string): string {
  return `${name}\t${charset}\t${collation}`;
}

/** Gives a database that was there before its old character set, unless somebody has chosen another one since. */
function asItWas(name: string, before: Shell, ours: string): Shell {
  return sh`if [ "$(${query(databaseRows([name]))})" = ${ours} ]; then
    hw_set=$(cut -f 2 <${before}); hw_collation=$(cut -f 3 <${before})
    case $hw_set$hw_collation in *[!a-z0-9_]*) hw_fail 'What the database was like before is not legible' ;; esac
    printf '%s\n' ${`ALTER DATABASE ${sqlName(name)}`} "CHARACTER SET $hw_set COLLATE $hw_collation;" | ${client}
  fi`;
}

/** A database of ours goes; with anything in it only once that is in a dump, from which it can be restored. */
function takeOut(name: string): Shell {
  const drop = query(`DROP DATABASE IF EXISTS ${sqlName(name)};`);
  const content =
    query(`SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${sqlText(name)})
  + (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${sqlText(name)})
  + (SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${sqlText(name)});`);
  return sh`hw_content=$(${content}) || exit 1
  if [ "$hw_content" != 0 ] && [ -z "\${HW_PURGE:-}" ]; then
    [ -n "\${HW_KEPT:-}" ] || exit 1
    (umask 077; mkdir -p -- "$HW_KEPT"/var/lib/mysql) || exit 1
    hw_place=$HW_KEPT${`/var/lib/mysql/${name}.sql`}; hw_count=1
    while [ -e "$hw_place" ]; do hw_place=$HW_KEPT${`/var/lib/mysql/${name}`}.$hw_count.sql; hw_count=$((hw_count + 1)); done
    ${dumpFunction}
    (umask 077; hw_dump ${name} "$hw_place.part" cat && sync -- "$hw_place.part") || {
      rm -f -- "$hw_place.part" "$hw_place.part.errors"
      hw_fail ${`The database ${name} could not be dumped, so it stays where it is`}
    }
    mv -T -- "$hw_place.part" "$hw_place" || exit 1
    hw_event kept "$(hw_text ${`/var/lib/mysql/${name}`})" "$(hw_text "$hw_place")"
  fi
  hw_said=$(${drop} 2>&1) || {
    # 1010: its tables are gone, and in its folder is what is not MariaDB's. That goes to what is kept, and the folder then.
    case $hw_said in *'ERROR 1010 '*) ;; *) printf '%s\n' "$hw_said" >&2; exit 1 ;; esac
    hw_data=$(${query('SELECT @@datadir;')}) || exit 1
    for hw_stray in "$hw_data"${name}/* "$hw_data"${name}/.[!.]* "$hw_data"${name}/..?*; do hw_save "$hw_stray" || exit 1; done
    ${drop}
  }`;
}

/**
 * Everything of a database as it is at one moment, without holding anybody up (InnoDB), as the account that runs it. Bytes are
 * written in hexadecimal: no character set can change them.
 */
const dumpCommand: Shell = sh`mariadb-dump --protocol=socket --default-character-set=utf8mb4 --single-transaction --quick --routines --events --triggers --hex-blob --dump-history`;

/** Whether there is a line that is no complaint of a view whose table is gone: nobody can read such a view (error 1356). */
const otherErrors: Shell = sh`grep -qv -e '(1356)' -e 'error: 1356:' -- "$hw_to.errors"`;

/**
 * `hw_dump DATABASE FILE FILTER`: writes a database into FILE by way of FILTER (cat, gzip). Fails, saying why, unless
 * all of it is there, views aside that nobody can read.
 */
export const dumpFunction: Shell = sh`hw_dump() {
  hw_from=$1; hw_to=$2; hw_by=$3
  hw_try() { ${dumpCommand} "$@" --databases -- "$hw_from" 2>"$hw_to.errors" | $hw_by >"$hw_to"; }
  # Of a pipe only the last status counts: the dump says itself when it is whole.
  hw_whole() { gzip -dcf -- "$hw_to" | tail -n 1 | grep -q '^-- Dump completed'; }
  hw_try
  if ! hw_whole && [ -s "$hw_to.errors" ] && ! ${otherErrors}; then
    # With --force the dump calls itself whole whatever happens.
    hw_try --force
    if ${otherErrors}; then cat -- "$hw_to.errors" >&2; rm -f -- "$hw_to" "$hw_to.errors"; return 1; fi
  fi
  cat -- "$hw_to.errors" >&2; rm -f -- "$hw_to.errors"
  hw_whole
}`;
