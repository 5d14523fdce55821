import { type Shell, sh } from '../../quote.ts';
import { apt } from './apt.ts';
import { choosing } from './choose.ts';
import { keepingData } from './data.ts';
import { noting } from './note.ts';
import { puttingBack } from './putback.ts';

const takingAway = sh`
# hw_take_away: what runs is stopped by the packages' own scripts; then its data is moved; then the rest is purged.
hw_take_away() {
  if [ -s "$hw_work/gone" ]; then
    hw_shield || return 1
    hw_whole=$(LC_ALL=C comm -12 "$hw_work/gone" "$hw_work/whole")
    [ -z "$hw_whole" ] || hw_dpkg --remove -- $hw_whole ||
      hw_fail "dpkg did not remove what this step installed: $(grep -E '^dpkg: error' "$hw_log/out" | tail -n 1). Its data is untouched. Do this again once that is mended."
    hw_unshield || return 1
    hw_save_all "$hw_work/save-files" && hw_save_all "$hw_work/save-trees" ||
      hw_fail 'What was made since could not be moved away, so nothing was purged: see the output of the run.'
    if [ -s "$hw_work/purge" ]; then
      hw_prop
      hw_dpkg --purge -- $(cat -- "$hw_work/purge") ||
        hw_fail "dpkg did not purge what this step installed: $(grep -E '^dpkg: error' "$hw_log/out" | tail -n 1). Do this again once that is mended."
      hw_unprop
    fi
  fi
  # dpkg's own journal of a call that was killed: any call that may write takes it in.
  if [ -e /var/lib/dpkg/status-new ] || [ -n "$(ls /var/lib/dpkg/updates 2>/dev/null)" ]; then hw_dpkg --configure --pending || :; fi
  if [ -d /var/lib/dpkg/tmp.ci ] && ! grep -q '	/var/lib/dpkg/tmp.ci$' "$HW_BEFORE/found/paths"; then rm -rf -- /var/lib/dpkg/tmp.ci; fi
  # An interrupted run may have left packages half upgraded that were there before.
  [ -z "$(dpkg --audit 2>/dev/null)" ] || hw_repair
}

# hw_prop: folders of the packages that their scripts look for at their end, where they are gone: moved away with what a
# person has put into them, or deleted by one. The script of proftpd-core, for one, ends in an error without /srv/ftp.
hw_prop() {
  awk '{ path = substr($0, index($0, "\t") + 1) }
    FILENAME ~ /found.paths$/ { found[path]; next }
    /^d/ && !(path in found) { print path }' "$HW_BEFORE/found/paths" "$HW_BEFORE/left/paths" | LC_ALL=C sort |
    while IFS= read -r hw_path; do
      [ -e "$hw_path" ] || [ -L "$hw_path" ] || ! grep -qF -e "$hw_path" "$hw_work/gone.ends" ||
        { mkdir -- "$hw_path" 2>/dev/null && printf '%s\n' "$hw_path"; } || :
    done >"$hw_work/props"
}
# hw_unprop: those that the scripts have left, and left empty.
hw_unprop() {
  LC_ALL=C sort -r "$hw_work/props" | while IFS= read -r hw_path; do [ ! -d "$hw_path" ] || rmdir -- "$hw_path" 2>/dev/null || :; done
}

# hw_hand_down: what this step has completed counts as left by the step of the earlier run that it has completed: else
# it would pass for a person's work when that one is undone.
hw_hand_down() {
  hw_runs=\${HW_BEFORE%/before/*}; hw_self=\${hw_runs##*/}; hw_runs=\${hw_runs%/*}
  hw_place=$(cd -- "$hw_runs" && for hw_found in */before/*/*/found; do
    [ -d "$hw_found" ] && [ -d "\${hw_found%found}left" ] && printf '%s\n' "\${hw_found%/found}"
  done | LC_ALL=C sort -V | awk -F/ -v self="$hw_self" '$1 < self' | tail -n 1)
  [ -n "$hw_place" ] || return 0
  hw_place=$hw_runs/$hw_place
  rm -rf -- "$hw_place/left.new" && cp -a -- "$HW_BEFORE/left" "$hw_place/left.new" && rm -rf -- "$hw_place/left" &&
    mv -T -- "$hw_place/left.new" "$hw_place/left" && sync -- "$hw_place"
}

# hw_marks NAMES: those that were there before, and marked as wanted only by the step, are marked as they were.
hw_marks() {
  for hw_name in "$@"; do
    if grep -qxF -e "$hw_name" "$HW_BEFORE/found/auto" && ! grep -qxF -e "$hw_name" "$HW_BEFORE/left/auto" && hw_undoes "$hw_name"; then
      hw_note_auto "$hw_work/auto"
      grep -qxF -e "$hw_name" "$hw_work/auto" || apt-mark auto -- "$hw_name" >/dev/null || return 1
    fi
  done
}
hw_undoes() { [ -n "\${HW_ONLY:-}" ] || return 0; for hw_only in $HW_ONLY; do [ "$hw_only" != "$1" ] || return 0; done; return 1; }
`;

/**
 * Shell that takes away what a step's call of apt brought (of that only what `HW_ONLY` names, if it is set, and what
 * came along with it), and puts everything else back as it was found. May be cut at any point and run again.
 *
 * dpkg itself is asked, not apt: it takes away just what it is told to, needs no network, and works on what an
 * interrupted run has left.
 */
export function undoing(names: readonly string[]): Shell {
  return sh`umask 022; PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
${apt}
${noting}
${choosing}
${keepingData}
${puttingBack}
${takingAway}
[ -d "$HW_BEFORE/found" ] && [ ! -e "$HW_BEFORE/undone" ] || exit 0
hw_note_after
hw_work=$HW_BEFORE/work; hw_log=$hw_work; rm -rf -- "$hw_work"; mkdir -m 700 -- "$hw_work"
hw_unshield
hw_choose \${HW_ONLY:-} || exit 1
# An earlier run was cut off in the middle of this very installation: that half is no state to go back to. Whole packages
# stay whole, and what that run has recorded brings back what was before both.
if awk -F'\t' 'substr($2, 2, 1) ~ /[HUF]/ { half = 1 } END { exit !half }' "$HW_BEFORE/found/packages" && [ ! -s "$hw_work/gone" ]; then
  hw_hand_down || exit 1
  : >"$HW_BEFORE/undone"; sync -- "$HW_BEFORE/undone" "$HW_BEFORE"; rm -rf -- "$hw_work"; exit 0
fi
hw_find_data
hw_sort_data && hw_spare
if [ ! -s "$hw_work/stays" ]; then hw_remember_since || exit 1; fi
while IFS= read -r hw_path; do hw_keep_data "$hw_path" 'It holds files that were made or changed since.'; done <"$hw_work/staying"
hw_take_away || exit 1
if [ ! -s "$hw_work/stays" ]; then
  hw_put_back || hw_fail 'Files that the packages changed could not be put back: see the output of the run. Do this again once that is mended.'
  hw_sweep
fi
systemctl daemon-reload || :
hw_marks ${names}
[ -s "$hw_work/stays" ] || { : >"$HW_BEFORE/undone" && sync -- "$HW_BEFORE/undone" "$HW_BEFORE" && rm -rf -- "$HW_BEFORE/found" "$HW_BEFORE/left" "$HW_BEFORE/state.tar" "$HW_BEFORE/undo"; }
rm -rf -- "$hw_work"`;
}
