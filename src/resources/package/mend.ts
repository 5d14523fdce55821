import { sh } from '../../quote.ts';

/** Shell functions that mend what keeps apt-get(8) from working, and refuse what would end badly, before it changes anything. */
export const mending = sh`
# hw_repair: finishes what an interrupted dpkg left behind. What another program is doing right now is no such thing.
hw_repair() {
  [ -n "$(dpkg --audit 2>/dev/null)" ] || return 0
  hw_apt check || ! hw_lists_damaged "$hw_log/last" || hw_mend_lists "$hw_log/last"
  hw_half=$(dpkg-query -W -f='\${db:Status-Abbrev}\${Package}\n' | sed -nE 's/^(.[HUF].|..R)//p' | sort -u | tr '\n' ' ')
  [ -n "$(dpkg --audit 2>/dev/null)" ] || return 0
  hw_say "An installation on the host was interrupted (\${hw_half% }): finishing it first."
  if hw_dpkg --configure -a && [ -z "$(dpkg --audit 2>/dev/null)" ]; then return 0; fi
  # What was new and is only half there is worth nothing: apt itself may stumble over it.
  hw_torn=$(dpkg-query -W -f='\${db:Status-Abbrev}\t\${Version}\t\${Package}\n' | sed -nE 's/^.H.\t\t//p' | sort -u)
  [ -z "$hw_torn" ] || hw_dpkg --remove --force-depends -- $hw_torn || :
  # What is only half there is unpacked anew, and what it depends on is fetched.
  if ! hw_lists_are_old || hw_update; then :; fi
  hw_apt install --fix-broken --no-remove || :
  hw_half=$(dpkg-query -W -f='\${db:Status-Abbrev}\${Package}\n' | sed -nE 's/^(.[HUF].|..R)//p' | sort -u)
  [ -z "$hw_half" ] || hw_apt install --reinstall --no-remove -- $hw_half || :
  [ -z "$(dpkg --audit 2>/dev/null)" ] || hw_explain
}

# hw_lists_damaged FILE: apt says in it that it cannot read its lists.
hw_lists_damaged() { grep -qE '^E: .*(could not be parsed or opened|MergeList /var/lib/apt/lists|no Package: header|Unable to parse package file /var/lib/apt/lists)' "$1"; }

# hw_mend_lists FILE: apt's complaint is in FILE. They are only copies of what the servers have.
hw_mend_lists() {
  if grep -qE '^E: .*(/var/lib/dpkg/status)' "$1"; then
    hw_fail "dpkg's own list of packages, /var/lib/dpkg/status on the host, is damaged: $(grep -m 1 '^E: ' "$1" | cut -c1-200). Put back a copy of it: /var/lib/dpkg/status-old, or one of /var/backups/dpkg.status.*"
  fi
  hw_say "apt's package lists on the host are damaged ($(grep -m 1 '^E: ' "$1" | cut -c4-200)): fetching them anew."
  find /var/lib/apt/lists -maxdepth 1 -type f ! -name lock -delete
  rm -f -- /var/cache/apt/pkgcache.bin /var/cache/apt/srcpkgcache.bin
  hw_update
}

# hw_foresee NAMES: what apt would do now. What it would remove is refused; what it would upgrade though the plan did not
# say so (hw_planned) is told.
hw_foresee() {
  hw_ask "$@" >"$hw_log/ask"
  if hw_lists_damaged "$hw_log/ask"; then hw_mend_lists "$hw_log/ask"; hw_ask "$@" >"$hw_log/ask"; fi
  hw_gone=$(sed -nE 's/^(Remv|Purg) ([^ ]+) .*/\2/p' "$hw_log/ask" | tr '\n' ' ')
  [ -z "$hw_gone" ] ||
    hw_fail "With the package lists of now, apt would remove \${hw_gone% }, which hostwright does not do by itself. Nothing was installed. If that is what you want, remove it by hand first: apt-get remove \${hw_gone% }"
  sed -nE 's/^Inst ([^ ]+) \[([^]]*)\] \(([^ ]+) .*/\1 \2 → \3/p' "$hw_log/ask" | while read -r hw_name hw_versions; do
    case " $hw_planned " in *" $hw_name "*) continue ;; esac
    hw_say "Upgrades $hw_name $hw_versions as well, which the plan did not know: a rollback does not bring back the old version."
    printf '%s %s\n' "$hw_name" "$hw_versions" >>"$HW_BEFORE/upgrades"
  done
  hw_bytes=$(sed -nE 's/^(Need to get|After this operation,) ([0-9.]+) ([kMGT]?)B( of additional|[ \/]).*/\2 \3/p' "$hw_log/ask" |
    awk '{ sum += $1 * ($2 == "k" ? 1000 : $2 == "M" ? 1000000 : $2 == "G" ? 1000000000 : 1) } END { printf "%d", sum }')
  hw_room "$hw_bytes"
}

# hw_room BYTES: refuses to begin when the disk is too small for it, with something to spare for dpkg's own records.
hw_room() {
  hw_want=$((\${1:-0} / 1000 + 32000))
  df -Pk /usr /var/lib/dpkg /var/cache/apt/archives 2>/dev/null | sed 1d | sort -u | sed -nE 's/.* ([0-9]+) +[0-9]+ +([0-9]+) +[0-9]+% +(\/.*)$/\2 \3/p' >"$hw_log/df"
  while read -r hw_free hw_mount; do
    [ "$((hw_free * 1024 / 1000))" -ge "$hw_want" ] ||
      hw_fail "The packages need $((hw_want / 1000)) MB of disk space, and $hw_mount on the host has $((hw_free * 1024 / 1000000)) MB free. Nothing was installed. Free some space, by these for example: apt-get clean; journalctl --vacuum-size=50M"
  done <"$hw_log/df"
}
`;
