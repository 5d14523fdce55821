import { joinShell, sh } from '../../quote.ts';
import { explaining } from './explain.ts';
import { mending } from './mend.ts';
import { aptOptions, asking } from './simulate.ts';

/**
 * Calls of apt-get(8) and dpkg(1). Each adds to `"$hw_log"/out`. Neither waits for a lock by itself here: it is waited
 * for in the open, with a word on who holds it.
 */
const calling = sh`
# Its last word on a lock.
hw_locked='^E: (Could not get lock|Unable to acquire the dpkg|Unable to lock)|^dpkg: error: .*locked by another process'
: "\${HW_LOCK_SECONDS:=600}"

# hw_unlocked COMMAND…: runs it, without questions; again while another program holds a lock.
hw_unlocked() {
  hw_until=$(($(date +%s) + HW_LOCK_SECONDS)); hw_named=
  while :; do
    : >"$hw_log/last"
    LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 NEEDRESTART_MODE=l APT_LISTCHANGES_FRONTEND=none \
      UCF_FORCE_CONFFOLD=1 "$@" </dev/null >"$hw_log/last" 2>&1 9>&- && hw_code=0 || hw_code=$?
    cat -- "$hw_log/last" >>"$hw_log/out"
    [ "$hw_code" != 0 ] || return 0
    grep -qE "$hw_locked" "$hw_log/last" && [ "$(date +%s)" -lt "$hw_until" ] || return "$hw_code"
    hw_holder
    [ "$hw_held_by" = "$hw_named" ] || hw_say "Waiting for $hw_held_by, which is installing packages on the host."
    hw_named=$hw_held_by
    sleep 1
  done
}

# hw_holder: sets hw_held_by to who holds the lock, as apt or dpkg say it: unattended-upgrade (process 812).
hw_holder() {
  hw_pid=$(sed -nE 's/.*held by process ([0-9]+).*/\1/p; s/.*locked by another process with pid ([0-9]+).*/\1/p' "$hw_log/last" | tail -n 1)
  hw_held_by='another program'
  [ -n "$hw_pid" ] || return 0
  hw_words=$(tr '\0' '\n' <"/proc/$hw_pid/cmdline" 2>/dev/null | grep -v '^-' | head -n 2) || :
  hw_program=$(printf '%s\n' "$hw_words" | head -n 1)
  # Of a script its own name, not its interpreter's.
  case \${hw_program##*/} in python* | perl* | sh | dash | bash) hw_program=$(printf '%s\n' "$hw_words" | tail -n 1) ;; esac
  hw_program=$(printf '%s' "\${hw_program##*/}" | tr -cd 'A-Za-z0-9._+-' | cut -c1-60)
  # What has just ended is only known by what apt has called it.
  [ -n "$hw_program" ] || hw_program=$(sed -nE 's/.*held by process [0-9]+ \(([A-Za-z0-9._+-]+)\).*/\1/p' "$hw_log/last" | tail -n 1)
  hw_held_by="\${hw_program:-another program} (process $hw_pid)"
}

# hw_apt ARGUMENTS: settings that a person has changed stay as they are.
hw_apt() {
  hw_unlocked apt-get ${aptOptions} -o DPkg::Lock::Timeout=0 -o Dpkg::Use-Pty=0 -o Acquire::Retries=2 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

# hw_dpkg ARGUMENTS
hw_dpkg() {
  hw_unlocked dpkg --abort-after=99999 --force-confdef --force-confold --force-remove-reinstreq "$@"
}

# hw_lists_are_old: true when apt's lists are missing or older than a day.
hw_lists_are_old() {
  set -- /var/lib/apt/lists/*_Packages*
  [ ! -e "$1" ] ||
    [ -z "$(find /var/lib/apt/lists /var/lib/apt/lists/partial -maxdepth 0 -mmin -1440 2>/dev/null)" ]
}

# hw_update: fetches the lists. A source that fails is no reason to stop: what is wanted may come from another one.
hw_update() {
  if hw_apt update; then :; fi
  hw_updated=1
  if grep -qE '^(W|E|Err):?.*(Failed to fetch|Could not|Temporary failure|Unable to connect)' "$hw_log/last"; then
    cp -- "$hw_log/last" "$hw_log/unfetched"
  fi
}

# hw_install NAMES: once more with fresh lists when a file of the old ones is gone from the server.
hw_install() {
  hw_apt install --no-remove -- "$@" && return 0
  if grep -q '404 ' "$hw_log/last" && [ ! -e "$hw_log/unfetched" ]; then
    hw_update
    hw_foresee "$@"
    hw_apt install --no-remove -- "$@" && return 0
  fi
  hw_explain
}
`;

/** Shell functions around apt: asking, calling, mending what is broken, and saying in one sentence why it failed. */
export const apt = joinShell([asking, calling, mending, explaining]);
