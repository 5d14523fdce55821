import { sh } from '../../quote.ts';

/**
 * Shell functions that find what was made or changed since a step installed packages, in places that the step brought,
 * and move it out of the way of dpkg, whose scripts delete such places whole. They work on the lists of `note.ts` and
 * `choose.ts`.
 */
export const keepingData = sh`
# hw_belongings NAME PACKAGES: the paths of packages, all that their scripts and units say, and what those say that run at
# their end.
hw_belongings() {
  : >"$hw_work/$1.paths"; : >"$hw_work/$1.words"; : >"$hw_work/$1.ends"
  [ -s "$2" ] || return 0
  # /lib is a link to /usr/lib where dpkg may still say /lib.
  dpkg-query -L -- $(cat -- "$2") 2>/dev/null | sed -nE 's/^[^/].* to: //; s,^/(bin|sbin|lib[a-z0-9]*)/,/usr/\1/,; /^\/./p' | LC_ALL=C sort -u >"$hw_work/$1.paths"
  while IFS= read -r hw_name; do dpkg-query --control-path "$hw_name"; done <"$2" 2>/dev/null |
    tee "$hw_work/controls" | xargs -r -d '\n' cat -- >"$hw_work/$1.words" 2>/dev/null || :
  grep -E '/[^/]*\.(pre|post)rm$' "$hw_work/controls" | xargs -r -d '\n' cat -- >"$hw_work/$1.ends" 2>/dev/null || :
  grep -E '/systemd/system/[^/]*\.service$' "$hw_work/$1.paths" | xargs -r -d '\n' cat -- >>"$hw_work/$1.words" 2>/dev/null || :
}

# hw_claimed NAME PATH: the packages bring it, or something below it, or their scripts or units name it.
hw_claimed() {
  HW_TOP=$2 awk '$0 == ENVIRON["HW_TOP"] || index($0, ENVIRON["HW_TOP"] "/") == 1 { found = 1; exit } END { exit !found }' "$hw_work/$1.paths" ||
    grep -qF -e "$2" "$hw_work/$1.words" ||
    grep -E '^(State|Logs)Directory=' "$hw_work/$1.words" | grep -qwF -e "\${2##*/}"
}

# hw_find_data: lines of what was made or changed since: tree, file or stays; brought or new; the topmost folder (or
# file) that was not there before; the path.
hw_find_data() {
  hw_note_paths "$hw_work/paths"; hw_note_sums "$hw_work/sums"
  hw_belongings gone "$hw_work/gone"
  # Of the others only where they are: what they share with ours stays.
  LC_ALL=C comm -23 "$hw_work/here" "$hw_work/gone" >"$hw_work/others"
  hw_belongings others "$hw_work/others"
  hw_belongings stays "$hw_work/stays"
  for hw_list in paths sums; do
    awk -v list="$hw_list" '
      function top(path, at) {
        at = ""
        while (path != "" && !(path in found) && !(path in own)) { at = path; sub(/\/[^\/]*$/, "", path) }
        return at
      }
      FILENAME ~ /others.paths$/ { own[$0]; next }
      { path = substr($0, index($0, "\t") + 1) }
      FILENAME ~ /found.(paths|sums)$/ { found[path]; next }
      FILENAME ~ /left.(paths|sums)$/ { left[$0]; there[path]; next }
      /^d/ || ($0 in left) || path in found { next }
      list == "paths" && path ~ /^\/(etc|var\/lib\/(dpkg|apt|ucf|pam))\// { next }
      list == "sums" && path !~ /^\/etc\// { next }
      path ~ /^\/usr\/.*\/__pycache__\// { next }
      /^[spbc]/ || /^f[^,]*,[^,]*,[^,]*,0,.*\t\/var\/log\// { next }
      { at = top(path); if (at == "") next }
      {
        if (path ~ /^\/(usr\/local|srv|opt|home|root|mnt|media|var\/www)\//) how = "stays"
        else if (path ~ /^\/(etc|usr|boot)\// || /^n/) how = "file"
        else how = "tree"
        # What lies in /var/log itself may be of anybody.
        print how "\t" ((at in there) && path !~ /^\/var\/log\/[^\/]*$/ ? "brought" : "new") "\t" at "\t" path
      }' "$hw_work/others.paths" "$HW_BEFORE/found/$hw_list" "$HW_BEFORE/left/$hw_list" "$hw_work/$hw_list"
  done >"$hw_work/since"
}

# hw_sort_data: what of it is in danger: save-files and save-trees. What of several packages is claimed by one that stays
# is left alone, and the others then leave their settings, too.
hw_sort_data() {
  : >"$hw_work/save-files"; : >"$hw_work/save-trees"; : >"$hw_work/staying"
  cut -f1-3 "$hw_work/since" | LC_ALL=C sort -u >"$hw_work/tops"
  while IFS='	' read -r hw_how hw_whose hw_top; do
    if [ "$hw_how$hw_whose" = staysbrought ] && ! grep -qF -e "$hw_top" "$hw_work/gone.ends"; then
      printf '%s\n' "$hw_top" >>"$hw_work/staying"; continue
    elif [ "$hw_whose" = new ] || [ "$hw_how" = stays ] || [ -s "$hw_work/stays" ]; then
      hw_claimed gone "$hw_top" || continue
      if [ -s "$hw_work/stays" ] && hw_claimed stays "$hw_top"; then : >"$hw_work/purge"; continue; fi
    fi
    case $hw_how in
    file) HW_TOP=$hw_top awk -F'\t' '$1 == "file" && $3 == ENVIRON["HW_TOP"] { print substr($0, length($1 $2 $3) + 4) }' "$hw_work/since" >>"$hw_work/save-files" ;;
    *) printf '%s\n' "$hw_top" >>"$hw_work/save-trees" ;;
    esac
  done <"$hw_work/tops"
}

# hw_spare: packages whose scripts would delete, when they are purged, what was there before them or lies on a disk of its
# own, keep their settings.
hw_spare() {
  while IFS= read -r hw_name; do
    hw_script=$(dpkg-query --control-path "$hw_name" postrm 2>/dev/null) && [ -n "$hw_script" ] || { printf '%s\n' "$hw_name"; continue; }
    hw_spared=
    for hw_path in $(grep -oE '/(var/(lib|log|spool|mail|www|cache/bind)|srv|home|opt)(/[A-Za-z0-9._+-]+)?' "$hw_script" | sed 's,/$,,' | LC_ALL=C sort -u); do
      case $hw_path in /var/lib | /var/log | /var/spool | /srv | /home | /opt | /var/lib/dpkg | /var/lib/systemd | /var/lib/ucf | /var/lib/apt) continue ;; esac
      if [ ! -d "$hw_path" ] || grep -qxF -e "$hw_path" "$hw_work/others.paths"; then continue; fi
      if mountpoint -q -- "$hw_path" || cut -f2- "$HW_BEFORE/found/paths" | HW_TOP=$hw_path awk 'index($0, ENVIRON["HW_TOP"] "/") == 1 { found = 1; exit } END { exit !found }'; then
        hw_spared=1; hw_stays "$hw_path" "It was there before $hw_name or is a disk of its own; so $hw_name is removed but keeps its settings."
      fi
    done
    [ -n "$hw_spared" ] || printf '%s\n' "$hw_name"
  done <"$hw_work/purge" >"$hw_work/purge.new"
  mv -f -- "$hw_work/purge.new" "$hw_work/purge"
}

# hw_save_all FILE: each path of a list.
hw_save_all() { while IFS= read -r hw_path; do hw_save "$hw_path" </dev/null || return 1; done <"$1"; }

# hw_shield: what dpkg would delete as its own though it was changed since: files go, those within trees come back.
hw_shield() {
  cut -f4- "$hw_work/since" | LC_ALL=C sort -u | LC_ALL=C comm -12 - "$hw_work/gone.paths" >"$hw_work/changed"
  LC_ALL=C sort -u "$hw_work/save-files" | LC_ALL=C comm -12 - "$hw_work/changed" | grep -v '^/etc/' >"$hw_work/first" || :
  hw_save_all "$hw_work/first" || return 1
  mkdir -p -- "$HW_BEFORE/shielded"
  while IFS= read -r hw_path; do
    case $hw_path in /etc/*) continue ;; esac
    if [ -f "$hw_path" ]; then (cd / && cp -a --parents -- "\${hw_path#/}" "$HW_BEFORE/shielded/") || return 1; fi
  done <"$hw_work/changed"
}

# hw_unshield: brings them back for as long as it takes to move their tree away.
hw_unshield() {
  [ -d "$HW_BEFORE/shielded" ] || return 0
  (cd "$HW_BEFORE/shielded" && find . -type f -printf '%P\0' | xargs -0 -r -I{} sh -c '[ -e "/$1" ] || { mkdir -p "/\${1%/*}" && cp -a -- "$1" "/$1"; }' sh {}) &&
    rm -rf -- "$HW_BEFORE/shielded"
}
`;
