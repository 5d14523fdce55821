import { Shell, sh } from '../../quote.ts';

const FILES = ['passwd', 'group', 'shadow', 'gshadow', 'subuid', 'subgid'].map((name) => `/etc/${name}`);

/** The copies of the account files that useradd(8) and its like leave behind: those before the last change. */
const BACKUPS = FILES.map((file) => `${file}-`);

/** Beginnings of the names of the programs that lock the account files. */
const LOCKERS = ['user', 'group', 'gpasswd', 'passwd', 'ch', 'new', 'pw', 'grp', 'vi', 'sg', 'su'];

/**
 * Shell for `after`: takes away what such a program leaves when it is killed, /etc/group.PID and /etc/group.lock, each with
 * its number of process inside (shadow's lib/commonio.c). After a restart that number may be another process's, and nobody
 * could change an account any more.
 */
export const dropStaleLocks = sh`for hw_file in ${FILES}; do
  for hw_path in "$hw_file".lock "$hw_file".[0-9]*; do
    [ -f "$hw_path" ] && [ ! -L "$hw_path" ] && [ "$(stat -c %s -- "$hw_path")" -le 20 ] || continue
    hw_pid=$(tr -d '\0\n' <"$hw_path")
    # Killed before it had written the number.
    [ -n "$hw_pid" ] || hw_pid=\${hw_path##*.}
    case $hw_pid in '' | *[!0-9]*) continue ;; esac
    case \${hw_path##*.} in lock | "$hw_pid") ;; *) continue ;; esac
    case $(cat "/proc/$hw_pid/comm" 2>/dev/null) in ${new Shell(LOCKERS.map((name) => `${name}*`).join(' | '))}) continue ;; esac
    rm -f -- "$hw_path"
  done
done`;

/** Shell for `record`: keeps these copies as they are. */
export const keepBackups = sh`for hw_path in ${BACKUPS}; do
  [ ! -e "$hw_path" ] || cp -a -- "$hw_path" "$HW_BEFORE/" || exit 1
done`;

/** Shell for the end of `undo`: puts them back, so that nothing tells of an account that is gone. */
export const restoreBackups = sh`for hw_path in ${BACKUPS}; do
  if [ -e "$HW_BEFORE/\${hw_path##*/}" ]; then cp -a -- "$HW_BEFORE/\${hw_path##*/}" "$hw_path"; else rm -f -- "$hw_path"; fi || exit 1
done`;
