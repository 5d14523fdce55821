import type { DumpFunctions } from '../../src/compose/dumps/program.ts';
import type { Dumps } from '../../src/compose/dumps.ts';
import { type Shell, sh } from '../../src/quote.ts';
import { dumpFunction } from '../../src/resources/mariadb/database-step.ts';
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
  dump: sh`${dumpFunction}
hw_dump "$1" "$2.part" gzip && mv -T -- "$2.part" "$2"`,
  // Tried as a whole beside the database first: only a dump that can be read takes its place. Rights go by name, and stay.
  restore: sh`drop() { printf 'SET SESSION lock_wait_timeout = 60; DROP DATABASE IF EXISTS \`%s\`;\n' "$1" | ${client}; }
gzip -t -- "$2" && drop ${TRIAL} || return 1
{
  printf '%s\n' ${`CREATE DATABASE ${TRIAL}; USE ${TRIAL};`}
  # Without the lines that name the database; no row begins a line. A trigger that is older than the database's collation
  # has a line that changes it, and one that changes it back.
  gzip -dc -- "$2" | sed -e '1,/^USE /{ /^CREATE DATABASE /d; }' -e '/^USE .'"$1"'.;$/d' -e '/^ALTER DATABASE .'"$1"'. CHARACTER SET /d'
} | ${client} || { drop ${TRIAL}; return 1; }
drop ${TRIAL} || return 1
# Nobody writes into what is half there: for as long as that takes the server is for reading only, but for its own account.
writable() { if [ "$was" = 0 ]; then echo 'SET GLOBAL read_only = 0;' | ${client}; fi; }
was=$(echo 'SELECT @@GLOBAL.read_only;' | ${client}) || return 1
trap writable EXIT
echo 'SET SESSION lock_wait_timeout = 60; SET GLOBAL read_only = 1;' | ${client} || return 1
# Whoever is connected is cut off. Some have gone meanwhile.
printf "SELECT CONCAT('KILL ', ID, ';') FROM information_schema.PROCESSLIST WHERE DB = '%s';\n" "$1" | ${client} | ${client} --force 2>/dev/null
replaced=0
if ! drop "$1" 2>"$folder/.part-errors"; then
  cat -- "$folder/.part-errors" >&2
  # 1205: somebody holds on to it, and nothing of it was dropped.
  if grep -q 'ERROR 1205 ' "$folder/.part-errors"; then replaced=1; else replaced=2; fi
elif ! gzip -dc -- "$2" | ${client}; then replaced=2; fi
writable || return 2
trap - EXIT
return "$replaced"`,
};
