import { sh } from '../../quote.ts';

/** Shell functions that turn what apt-get(8) said into one sentence for people, with what to do next. */
export const explaining = sh`
# hw_net_words: why names are not found, as far as the host itself can tell.
hw_net_words() {
  hw_ask_servers localhost >"$hw_log/net"
  if ! grep -qx '= route' "$hw_log/net"; then
    echo 'The host has no default route: look at ip route, at its cable and its router.'
  else
    hw_servers=$(sed -n 's/^server //p' "$hw_log/net" | tr '\n' ' ')
    if [ -n "$hw_servers" ]; then echo "The host has a default route, but the name servers in /etc/resolv.conf (\${hw_servers% }) do not answer: put one that works there, or mend what writes that file."
    else echo 'The host has a default route, but /etc/resolv.conf names no name server: put a line nameserver ADDRESS there, or mend what writes that file.'; fi
  fi
}

# hw_explain: the end of what apt said, then why in one sentence. Ends the step.
hw_explain() {
  tail -n 15 -- "$hw_log/out" >&2
  hw_names=$(sed -nE "s/^E: (Unable to locate package ([^ ]+)|Package '([^']+)' has no installation candidate|Couldn't find any package by .* '([^']+)').*/\2\3\4/p" "$hw_log/last" | sort -u | tr '\n' ' ')
  hw_net='Temporary failure resolving|Could not resolve|Could not connect|Unable to connect|Network is unreachable|Connection (timed out|refused|failed)|Failed to fetch|No route to host'
  hw_dns='Temporary failure resolving|Could not resolve'
  if [ -n "$hw_names" ]; then
    hw_why="apt does not know \${hw_names% } on this host: check the name, or add the source that has it."
    [ ! -e "$hw_log/unfetched" ] || {
      hw_why="$hw_why Its lists could not be fetched: $(grep -hE "$hw_net" "$hw_log/unfetched" | head -n 1)"
      ! grep -qE "$hw_dns" "$hw_log/unfetched" || hw_why="$hw_why. $(hw_net_words)"
    }
  elif grep -qE "$hw_locked" "$hw_log/last"; then
    hw_holder
    hw_why="Another program is installing packages, and did not finish in $((HW_LOCK_SECONDS / 60)) minutes: $hw_held_by. Apply again when it is done."
  elif grep -qE 'No space left on device|enough free space' "$hw_log/last"; then
    # What was fetched can be fetched again, and what is noted of this run needs room, too.
    apt-get clean >/dev/null 2>&1 9>&- || :
    hw_why="There is not enough free space on the disk of the host for the packages: $(df -Pk /usr | sed -nE '2s/.* ([0-9]+) +[0-9]+ +([0-9]+) +[0-9]+% +(\/.*)$/\2 kB are free on \3/p'). Free some, by these for example: apt-get clean; journalctl --vacuum-size=50M. Then apply again: what is half installed is finished first."
  elif grep -qE "$hw_net" "$hw_log/last"; then
    hw_why="The packages could not be fetched: $(grep -hE "$hw_net" "$hw_log/last" | head -n 1 | cut -c1-300). The host must reach the servers named in /etc/apt/sources.list and sources.list.d."
    ! grep -qE "$hw_dns" "$hw_log/last" || hw_why="$hw_why $(hw_net_words)"
  elif grep -q 'Packages need to be removed but remove is disabled' "$hw_log/last"; then
    hw_why="apt would have to remove$(sed -n '/^The following packages will be REMOVED:/,/^[^ ]/s/^ \{1,\}/ /p' "$hw_log/last" | tr -d '\n'), which hostwright does not do by itself: remove it by hand first if that is what you want."
  elif grep -q 'unmet dependencies' "$hw_log/last"; then
    hw_why='apt finds no set of versions that fits together: its sources may mix releases. See above.'
  else
    hw_why="apt failed: $(grep -hE '^(E:|dpkg: error)' "$hw_log/out" | tail -n 1)"
  fi
  hw_fail "$hw_why"
}
`;
