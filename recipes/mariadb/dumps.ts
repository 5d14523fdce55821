import type { DumpFunctions } from '../../src/compose/dumps/program.ts';
import type { Dumps } from '../../src/compose/dumps.ts';
import { type Shell, sh } from '../../src/quote.ts';
import { dumpCommand } from '../../src/resources/mariadb/database-step.ts';
import { databasesOf, type MariadbInput } from './inputs.ts';

/** The name of no database of a host file: it begins with an underscore. One restore at a time has it. */
const TRIAL = '_hostwright_trial';

export function dumpsOf({ role, input }: { readonly role: string; readonly input: MariadbInput }): Dumps {
  // The server's own account: Debian lets it in at the socket, with all rights.
  return { role, user: 'mysql', databases: databasesOf(input).map(({ name }) => name) };
}

const client: Shell = sh`mariadb --protocol=socket --batch --skip-column-names --binary-mode --default-character-set=utf8mb4`;

/** How MariaDB's databases are dumped and restored, by its own tools and as its own account. */
export const dumpFunctions: DumpFunctions = {
  ready: sh`[ "$(echo 'SELECT 1;' | ${client} 2>/dev/null)" = 1 ]`,
  // Names have small letters, digits and underscores, so they are themselves in a string, and in backquotes.
  has: sh`[ "$(printf "SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '%s';\n" "$1" | ${client})" = 1 ]`,
  dump: sh`write_dump() { ${dumpCommand} "$@" | gzip >"$part_file"; }
part_file=$2.part
write_dump --databases -- "$1" 2>"$2.errors"
# A view of a table that is gone cannot be read by anybody (error 1356): that must not stand in the way of all the rest.
if grep -q . "$2.errors" && ! grep -qv '1356' "$2.errors"; then write_dump --force --databases -- "$1" 2>/dev/null; fi
cat -- "$2.errors" >&2; rm -f -- "$2.errors"
# Of a pipe only the last status counts: the dump says itself when it is whole.
gzip -dc -- "$part_file" | tail -n 1 | grep -q '^-- Dump completed' && mv -T -- "$part_file" "$2"`,
  // Tried as a whole beside the database first: only a dump that can be read takes its place. Rights go by name, and stay.
  restore: sh`drop() { printf 'DROP DATABASE IF EXISTS \`%s\`;\n' "$1" | ${client}; }
gzip -t -- "$2" && drop ${TRIAL} || return 1
{
  printf '%s\n' ${`CREATE DATABASE ${TRIAL}; USE ${TRIAL};`}
  # Without the lines that name the database; no row begins a line. A trigger that is older than the database's collation
  # has a line that changes it, and one that changes it back.
  gzip -dc -- "$2" | sed -e '1,/^USE /{ /^CREATE DATABASE /d; }' -e '/^USE .'"$1"'.;$/d' -e '/^ALTER DATABASE .'"$1"'. CHARACTER SET /d'
} | ${client} || { drop ${TRIAL}; return 1; }
drop ${TRIAL} && drop "$1" && gzip -dc -- "$2" | ${client}`,
};
