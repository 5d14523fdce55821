import { type Shell, sh } from '../../quote.ts';

/**
 * Functions of POSIX sh that know the database server; each ends with a status other than 0 when it did not succeed,
 * and says why on standard error. They run as the account of the role's dumps, with `umask 077`.
 */
export interface DumpFunctions {
  /** Succeeds when the server answers. */
  readonly ready: Shell;
  /** Succeeds when there is a database `"$1"`. */
  readonly has: Shell;
  /** Writes the database `"$1"` into the new file `"$2"`, as it is at one moment. */
  readonly dump: Shell;
  /** Puts into the folder `"$1"` what else belongs to a dump. Default: nothing. */
  readonly dumpMore?: Shell;
  /**
   * Makes the database `"$1"` what the file `"$2"` holds, no more and no less, whether it is there or not. Status 2:
   * it did not succeed, and the database is not what it was any more; any other but 0: it is.
   */
  readonly restore: Shell;
}

/** What {@link dumpProgram} puts into the program. */
export interface ProgramSettings {
  readonly role: string;
  readonly title: string;
  readonly unit: string;
  readonly folder: string;
  readonly databases: readonly string[];
  readonly keepDays: number;
  readonly functions: DumpFunctions;
}

/**
 * The program on the host, for the account that owns the folder:
 *
 * - `dump [NOTE]`: makes a dump and prints its name, `20261122T184530Z[-NOTE]`;
 * - `nightly`: the same, then deletes those that are older than they are kept, but for the newest of each database;
 * - `list`: a line for each dump, the newest first: name, bytes and its databases, with tabs between;
 * - `restore NAME [unsaved]`: dumps what is there, then puts the dump's databases back; prints `safety NAME`, then
 *   `restored DATABASE` for each. With `unsaved` it goes on where what is there cannot be dumped.
 *
 * Status 0; 1 with a reason on standard error; 3 when another dump or restore is under way; 4 when the server does not
 * answer; 5 when a restore has left a database incomplete; 6 when what is there cannot be dumped before a restore.
 */
export function dumpProgram({
  role,
  title,
  unit,
  folder,
  databases,
  keepDays,
  functions,
}: ProgramSettings): string {
  const { ready, has, dump, dumpMore = sh`:`, restore } = functions;
  return sh`#!/bin/sh
# Written by hostwright: dumps of the databases of the role ${role} (${title}).
# By hand: hostwright db dump ${role}, hostwright db restore ${role}.
umask 077
LC_ALL=C; export LC_ALL
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
folder=${folder}
keep_days=${keepDays}

fail() { printf '%s\n' "$1" >&2; exit "\${2:-1}"; }

server_ready() {
${ready}
}
has_database() {
${has}
}
dump_database() {
${dump}
}
dump_more() {
${dumpMore}
}
restore_database() {
${restore}
}

require_server() {
  server_ready || fail ${`${title} does not answer. Is it running? systemctl status ${unit}`} 4
}

# One at a time: the lock goes with the process.
lock() {
  exec 9>"$folder/.lock" || exit 1
  flock -n 9 || fail 'Another dump or restore is under way.' 3
  # What an interrupted one has left.
  rm -rf -- "$folder"/.part-*
}

# make_dump [NOTE]: sets made to the name of the new dump, and failed to the databases that could not be dumped.
make_dump() {
  made=$(date -u +%Y%m%dT%H%M%SZ)\${1:+-$1}
  while [ -e "$folder/$made" ]; do sleep 1; made=$(date -u +%Y%m%dT%H%M%SZ)\${1:+-$1}; done
  part=$folder/.part-$made
  mkdir -- "$part" || exit 1
  count=0; failed=
  for database in ${databases}; do
    if ! has_database "$database"; then
      # Not there, or the server has gone meanwhile?
      server_ready || { rm -rf -- "$part"; require_server; }
      printf 'There is no database %s, so it is not in this dump.\n' "$database" >&2
      continue
    fi
    # One that is damaged must not stand in the way of the others.
    if dump_database "$database" "$part/$database.dump"; then count=$((count + 1))
    else failed="$failed $database"; rm -f -- "$part/$database.dump"*; fi
  done
  if [ "$count" = 0 ]; then rm -rf -- "$part"; made=; return; fi
  dump_more "$part" || { rm -rf -- "$part"; fail 'The dump was not finished; the reason is above.'; }
  # Complete on the disk before it counts as a dump.
  sync -- "$part"/* "$part" && mv -T -- "$part" "$folder/$made" && sync -- "$folder" || exit 1
}

# all_dumped: ends the program unless every database is in the dump.
all_dumped() {
  [ -n "$failed" ] || return 0
  fail "Could not be dumped:$failed; the reason is above. \${made:+The dump $made has the others. }Older dumps stay."
}

# tidy: deletes dumps that are older than they are kept. The newest of each database stays, however old.
tidy() {
  find "$folder" -mindepth 1 -maxdepth 1 -type d -name '[0-9]*Z*' ! -name "$made" -mtime "+$((keep_days - 1))" |
    while IFS= read -r old; do
      keep=
      for one in "$old"/*.dump; do
        for newest in "$folder"/[0-9]*Z*/"\${one##*/}"; do :; done
        [ "$newest" != "$one" ] || keep=1
      done
      [ -n "$keep" ] || rm -rf -- "$old"
    done
}

# The names of dumps, the newest first: their names begin with the time.
names() {
  for one in "$folder"/*; do [ -d "$one" ] && printf '%s\n' "\${one##*/}"; done | sort -r
}

case \${1:-} in
dump)
  case \${2:-} in *[!a-z-]*) fail 'A note has small letters and hyphens.' ;; esac
  lock; require_server; make_dump "\${2:-}"
  all_dumped
  [ -n "$made" ] || fail 'There is no database yet that could be dumped.'
  printf '%s\n' "$made" ;;
nightly)
  lock; require_server; make_dump
  # Without a new dump of all the old ones stay, however old.
  all_dumped
  [ -n "$made" ] || fail 'There is no database yet that could be dumped.'
  tidy
  printf 'Made %s\n' "$made" ;;
list)
  names | while IFS= read -r name; do
    # The last line is the sum; of a file, wc asks the system for its length.
    set -- $(wc -c -- "$folder/$name"/* | tail -n 1)
    printf '%s\t%s\t' "$name" "\${1:-0}"
    for one in "$folder/$name"/*.dump; do one=\${one##*/}; printf '%s ' "\${one%.dump}"; done
    echo
  done ;;
restore)
  case \${2:-} in '' | .* | *[!0-9A-Za-z-]*) fail 'Which dump?' ;; esac
  [ -d "$folder/$2" ] || fail "There is no dump $2 in $folder."
  lock; require_server
  make_dump before-restore
  [ -z "$failed" ] || [ "\${3:-}" = unsaved ] || fail "What is there could not be dumped:$failed; the reason is above." 6
  [ -z "$made" ] || printf 'safety %s\n' "$made"
  restored=
  for database in ${databases}; do
    [ -e "$folder/$2/$database.dump" ] || continue
    restore_database "$database" "$folder/$2/$database.dump"
    case $? in
    0) ;;
    2)
      safety=$folder/$made/$database.dump
      [ -z "$made" ] || [ ! -e "$safety" ] || ! restore_database "$database" "$safety" ||
        fail "The database $database could not be restored; it has been made what it was, out of the dump $made. The reason is above."
      fail "The database $database is INCOMPLETE: it could not be restored, nor made what it was; the reason is above.\${made:+ What it was is in the dump $made.}" 5 ;;
    *) fail "The database $database could not be restored, and is as it was; the reason is above." ;;
    esac
    printf 'restored %s\n' "$database"; restored=1
  done
  [ -n "$restored" ] || fail "The dump $2 has none of the databases of the role (or they cannot be read). Nothing was restored." ;;
*) fail 'Usage: dump [NOTE] | nightly | list | restore NAME [unsaved]' 2 ;;
esac
`.text;
}
