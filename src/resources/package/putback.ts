import { sh } from '../../quote.ts';

/**
 * Shell functions that put back the small state (`hw_state_places` of `note.ts`) and take away what maintainer scripts
 * left. What somebody else has changed since is not touched, or handled by what it means (accounts).
 */
export const puttingBack = sh`
# hw_judge PASS: lines of what to do: put (from state.tar), again (from since.tar), save, drop; the path. What was noted
# before the packages went decides what a person has changed since. PASS 2: older copies that programs keep of such a
# file, once that is as it was.
hw_judge() {
  hw_note_sums "$hw_work/sums.now"
  awk -v pass="$1" -v retried="\${hw_retried:-}" '
    function value(set, path) { return (path in set) ? set[path] : "" }
    function main(path) {
      if (path ~ /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-$/) return substr(path, 1, length(path) - 1)
      if (path ~ /^\/var\/lib\/dpkg\/(status|diversions|statoverride)-old$/) return substr(path, 1, length(path) - 4)
      if (path ~ /^\/var\/lib\/ucf\/(hashfile|registry)\.[0-9]$/) return substr(path, 1, length(path) - 2)
      return ""
    }
    function shared(path) {
      return path ~ /^\/var\/lib\// || path == "/etc/ld.so.cache" || path == "/etc/.pwd.lock" || account(path)
    }
    function account(path) { return path ~ /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)$/ }
    function brought(path) {
      while (path != "") { if (!(path in found) && path in left) return 1; sub(/\/[^\/]*$/, "", path) }
      return 0
    }
    { at = index($0, "\t"); path = substr($0, at + 1); meta = substr($0, 1, at - 1) }
    FILENAME ~ /found.sums$/ { found[path] = meta; all[path]; next }
    FILENAME ~ /left.sums$/ { left[path] = meta; next }
    FILENAME ~ /undo.since$/ { foreign[path] = meta; all[path]; next }
    FILENAME ~ /undo.sums$/ { first[path] = meta; next }
    { now[path] = meta; all[path] }
    END {
      for (path in all) {
        base = main(path)
        if (path == "/var/lib/dpkg/status" || (base != "") != (pass == 2)) continue
        want = value(found, path); from = "put"
        if (pass == 2) { if (value(now, base) != value(found, base) || value(found, base) == "" && !(path in left)) continue }
        else if (path in foreign) {
          if (shared(path)) continue
          if (path in found || !brought(path)) { want = foreign[path]; from = "again" }
          # A folder of a person goes with what it is in, and stays while anything is in it.
          else if (foreign[path] ~ /^d/) want = ""
        }
        is = value(now, path)
        if (is == want) continue
        if (retried && account(path) && is != value(left, path) && is != value(first, path)) continue
        if (retried && is != "" && is !~ /^d/ && is != value(left, path) && is != value(found, path) && is != value(first, path) && path ~ /^\/etc\// && !shared(path)) print "save\t" path
        print (want == "" ? "drop" : from) "\t" path
      }
    }' "$HW_BEFORE/found/sums" "$HW_BEFORE/left/sums" "$HW_BEFORE/undo/since" "$HW_BEFORE/undo/sums" "$hw_work/sums.now" >"$hw_work/todo"
}

# hw_remember_since: what a person has changed since, and copies of it; the first attempt to undo decides.
hw_remember_since() {
  if [ -e "$HW_BEFORE/undo" ]; then hw_retried=1; return 0; fi
  hw_retried=
  rm -rf -- "$HW_BEFORE/undo.new"; mkdir -- "$HW_BEFORE/undo.new" || return 1
  cp -- "$hw_work/sums" "$HW_BEFORE/undo.new/sums"
  LC_ALL=C comm -13 "$HW_BEFORE/left/sums" "$hw_work/sums" >"$HW_BEFORE/undo.new/since"
  # What a service of theirs has registered when it started is theirs.
  grep -E '	/(etc|var/lib/dpkg)/alternatives/' "$HW_BEFORE/undo.new/since" | while IFS= read -r hw_line; do
    ! grep -qF -e "/alternatives/\${hw_line##*/}" "$HW_BEFORE/found/sums" && grep -qwF -e "\${hw_line##*/}" "$hw_work/gone.words" && printf '%s\n' "$hw_line"
  done | LC_ALL=C sort >"$hw_work/registered"
  LC_ALL=C sort "$HW_BEFORE/undo.new/since" | LC_ALL=C comm -23 - "$hw_work/registered" >"$hw_work/since.rest"
  mv -f -- "$hw_work/since.rest" "$HW_BEFORE/undo.new/since"
  # What is gone since: to be left so where a person has done it.
  cut -f2- "$hw_work/sums" | LC_ALL=C sort >"$hw_work/sums.paths"
  cut -f2- "$HW_BEFORE/left/sums" | LC_ALL=C sort | LC_ALL=C comm -23 - "$hw_work/sums.paths" | sed 's/^/	/' >>"$HW_BEFORE/undo.new/since"
  grep -v '^	' "$HW_BEFORE/undo.new/since" | cut -f2- >"$hw_work/pack" || :
  hw_pack_state "$HW_BEFORE/undo.new/since.tar" "$hw_work/pack" &&
    sync -- "$HW_BEFORE/undo.new"/* && mv -T -- "$HW_BEFORE/undo.new" "$HW_BEFORE/undo" && sync -- "$HW_BEFORE"
}

# hw_unpack TAR FILE: puts what FILE lists in its place, folders first, files by a rename.
hw_unpack() {
  [ -s "$2" ] || return 0
  for hw_area in /etc /var/lib; do
    LC_ALL=C sort "$2" | grep -E "^$hw_area(/|$)" >"$hw_work/area" || continue
    (
      hw_enter_new "$hw_area" undo- || exit 1
      sed 's,^/,,' "$hw_work/area" | tr '\n' '\0' |
        tar --numeric-owner -p --same-owner --acls --xattrs --xattrs-include='*' --no-recursion --null -T - -xf "$1" || exit 1
      find . -type f -exec sync -- {} +
      while IFS= read -r hw_path; do
        if [ -d ".$hw_path" ] && [ ! -L ".$hw_path" ]; then
          [ ! -L "$hw_path" ] && { [ -d "$hw_path" ] || mkdir -- "$hw_path"; } && chown --reference=".$hw_path" -- "$hw_path" &&
            chmod --reference=".$hw_path" -- "$hw_path" || exit 1
        else
          mv -fT -- ".$hw_path" "$hw_path" || exit 1
        fi
      done <"$hw_work/area"
      cd -P -- .. && rm -rf -- "$hw_new"
    ) || return 1
  done
}

# hw_carry_out: does what hw_judge has found.
hw_carry_out() {
  for hw_verb in save put again drop; do sed -n "s/^$hw_verb	//p" "$hw_work/todo" >"$hw_work/$hw_verb"; done
  hw_save_all "$hw_work/save" || return 1
  # A file in the way of a folder, or the other way round, is one that should not be there.
  LC_ALL=C sort -r "$hw_work/drop" | while IFS= read -r hw_path; do
    if [ -d "$hw_path" ] && [ ! -L "$hw_path" ]; then rmdir -- "$hw_path" 2>/dev/null || :; else rm -f -- "$hw_path"; fi
  done
  hw_unpack "$HW_BEFORE/state.tar" "$hw_work/put" && hw_unpack "$HW_BEFORE/undo/since.tar" "$hw_work/again"
}

# hw_put_back: the small state as it was found, save what a person has changed.
hw_put_back() {
  for hw_stale in /etc/.hostwright-undo-* /var/lib/.hostwright-undo-*; do [ ! -d "$hw_stale" ] || rm -rf -- "$hw_stale"; done
  hw_own_dumps || return 1
  hw_accounts_since=$(cut -f2- "$HW_BEFORE/undo/since" | grep -xE '/etc/(passwd|group|shadow|gshadow|subuid|subgid)' || :)
  if [ -n "$hw_accounts_since$hw_retried" ]; then hw_drop_accounts; fi
  hw_judge 1
  # Accounts are put back together or not at all.
  if [ -n "$hw_accounts_since" ]; then sed -i -E '/^[a-z]+\t\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)$/d' "$hw_work/todo"; fi
  hw_carry_out && hw_judge 2 && hw_carry_out || return 1
  if grep -q '	/etc/ld.so.cache$' "$HW_BEFORE/undo/since"; then ldconfig || :; fi
}

# hw_own_dumps: dumps of databases stay, and not for whoever gets the number of their account next. A role that comes back
# finds its folder as it was.
hw_own_dumps() {
  [ -d /var/backups/hostwright-db ] || return 0
  for hw_name in $(LC_ALL=C comm -13 "$HW_BEFORE/found/users" "$HW_BEFORE/left/users"); do
    ! getent passwd "$hw_name" >/dev/null || find /var/backups/hostwright-db -xdev -mindepth 2 -user "$hw_name" -execdir chown -h root:root '{}' + || return 1
  done
}

# hw_drop_accounts: those that came with the packages and were not there before.
hw_drop_accounts() {
  for hw_name in $(LC_ALL=C comm -13 "$HW_BEFORE/found/users" "$HW_BEFORE/left/users"); do
    ! getent passwd "$hw_name" >/dev/null || userdel -- "$hw_name" || hw_stays "/etc/passwd" "The account $hw_name that a package made could not be removed: see the output of the run."
  done
  for hw_name in $(LC_ALL=C comm -13 "$HW_BEFORE/found/groups" "$HW_BEFORE/left/groups"); do
    ! getent group "$hw_name" >/dev/null || groupdel -- "$hw_name" || hw_stays "/etc/group" "The group $hw_name that a package made could not be removed: see the output of the run."
  done
}

# hw_sweep: what the packages left elsewhere and nobody has changed since; folders only while they are empty. What
# belongs to a package that stays, an upgraded one, say, is not ours.
hw_sweep() {
  hw_note_packages "$hw_work/rest"; hw_names '[^nc]' "$hw_work/rest" >"$hw_work/others"; hw_belongings others "$hw_work/others"
  hw_note_paths "$hw_work/paths.now"
  awk 'FILENAME ~ /others.paths$/ { own[$0]; next }
    { path = substr($0, index($0, "\t") + 1) }
    FILENAME ~ /found.paths$/ { found[path]; next }
    FILENAME ~ /left.paths$/ { left[$0]; there[path]; next }
    path in found || path in own || path ~ /^\/(etc|var\/lib\/(dpkg|apt|ucf|pam))\// || /^n/ { next }
    /^d/ || ($0 in left) || /^[spbc]/ || /^f[^,]*,[^,]*,[^,]*,0,.*\t\/var\/log\// || path ~ /^\/usr\/.*\/__pycache__\// {
      up = path
      while (up != "" && !(up in there)) sub(/\/[^\/]*$/, "", up)
      if (up != "" && !(up in found)) print path
    }' "$hw_work/others.paths" "$HW_BEFORE/found/paths" "$HW_BEFORE/left/paths" "$hw_work/paths.now" | LC_ALL=C sort -r |
    while IFS= read -r hw_path; do
      if [ -d "$hw_path" ] && [ ! -L "$hw_path" ]; then rmdir -- "$hw_path" 2>/dev/null || :; else rm -f -- "$hw_path"; fi
    done
  for hw_path in /var/lib/systemd/timers/stamp-*; do
    hw_unit=\${hw_path##*/stamp-}
    ! grep -qF -e "/$hw_unit" "$HW_BEFORE/left/paths" || systemctl cat -- "$hw_unit" >/dev/null 2>&1 || rm -f -- "$hw_path"
  done
}
`;
