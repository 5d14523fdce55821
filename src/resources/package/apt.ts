import { sh } from '../../quote.ts';

/**
 * Shell functions around apt-get(8). Each call adds to `"$hw_log"/out`, and `hw_explain` turns that into one
 * sentence. apt waits for dpkg's lock itself, but not for the locks of its lists and its archive.
 */
export const apt = sh`
# Its last word on a lock; that it waits for one is only said in passing.
hw_locked='^E: (Could not get lock|Unable to acquire the dpkg|Unable to lock)'

# hw_apt ARGUMENTS: apt-get without questions; again while another program holds a lock, for two minutes.
hw_apt() {
  hw_until=$(($(date +%s) + 120))
  while :; do
    : >"$hw_log/last"
    LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 NEEDRESTART_MODE=l \
      APT_LISTCHANGES_FRONTEND=none UCF_FORCE_CONFFOLD=1 apt-get -q -y --no-install-recommends \
      -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 -o Acquire::Retries=2 \
      -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
      "$@" </dev/null >"$hw_log/last" 2>&1 9>&- && hw_code=0 || hw_code=$?
    cat -- "$hw_log/last" >>"$hw_log/out"
    [ "$hw_code" != 0 ] || return 0
    grep -qE "$hw_locked" "$hw_log/last" && [ "$(date +%s)" -lt "$hw_until" ] || return "$hw_code"
    sleep 2
  done
}

# hw_repair: finishes what an interrupted dpkg left behind. What another program is doing right now is no such thing.
hw_repair() {
  [ -n "$(dpkg --audit 2>/dev/null)" ] || return 0
  hw_apt check || :
  [ -n "$(dpkg --audit 2>/dev/null)" ] || return 0
  LC_ALL=C DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold --configure -a \
    </dev/null >>"$hw_log/out" 2>&1 9>&- || hw_explain
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
  if grep -qE '^(W|E|Err):?.*(Failed to fetch|Could not|Temporary failure|Unable to connect)' "$hw_log/last"; then
    cp -- "$hw_log/last" "$hw_log/unfetched"
  fi
}

# hw_install NAMES: once more with fresh lists when a file of the old ones is gone from the server.
hw_install() {
  hw_apt install --no-remove -- "$@" && return 0
  if grep -q '404 ' "$hw_log/last" && [ ! -e "$hw_log/unfetched" ]; then
    hw_update
    hw_apt install --no-remove -- "$@" && return 0
  fi
  hw_explain
}

# hw_explain: the end of what apt said, then why in one sentence. Ends the step.
hw_explain() {
  tail -n 15 -- "$hw_log/out" >&2
  hw_names=$(sed -nE "s/^E: (Unable to locate package ([^ ]+)|Package '([^']+)' has no installation candidate|Couldn't find any package by .* '([^']+)').*/\2\3\4/p" "$hw_log/last" | sort -u | tr '\n' ' ')
  hw_net='Temporary failure resolving|Could not resolve|Could not connect|Unable to connect|Network is unreachable|Connection (timed out|refused|failed)|Failed to fetch|No route to host'
  if [ -n "$hw_names" ]; then
    hw_why="apt does not know \${hw_names% } on this host: check the name, or add the source that has it."
    [ ! -e "$hw_log/unfetched" ] ||
      hw_why="$hw_why Its lists could not be fetched: $(grep -hE "$hw_net" "$hw_log/unfetched" | head -n 1)"
  elif grep -qE "$hw_locked" "$hw_log/last"; then
    hw_why="Another program is installing packages, and did not finish in two minutes: $(sed -nE 's/.*held by (process [0-9]+ \([^)]*\)).*/\1/p' "$hw_log/last" | tail -n 1). Apply again when it is done."
  elif grep -qE "$hw_net" "$hw_log/last"; then
    hw_why="The packages could not be fetched: $(grep -hE "$hw_net" "$hw_log/last" | head -n 1 | cut -c1-300). The host must reach the servers named in /etc/apt/sources.list and sources.list.d."
  elif grep -q 'Packages need to be removed but remove is disabled' "$hw_log/last"; then
    hw_why="apt would have to remove$(sed -n '/^The following packages will be REMOVED:/,/^[^ ]/s/^ \{1,\}/ /p' "$hw_log/last" | tr -d '\n'), which hostwright does not do by itself: remove it by hand first if that is what you want."
  elif grep -qE 'No space left on device|enough free space' "$hw_log/last"; then
    hw_why='There is not enough free space on the disk of the host for the packages.'
  elif grep -q 'unmet dependencies' "$hw_log/last"; then
    hw_why='apt finds no set of versions that fits together: its sources may mix releases. See above.'
  else
    hw_why="apt failed: $(grep -hE '^(E:|dpkg: error)' "$hw_log/out" | tail -n 1)"
  fi
  hw_fail "$hw_why"
}
`;
