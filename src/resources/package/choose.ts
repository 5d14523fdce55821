import { sh } from '../../quote.ts';

/**
 * Shell functions that tell which packages an undo takes away. They work in the folder `"$hw_work"` on what `note.ts`
 * has noted, and leave there: `added` (by the step), `gone` (to be taken away), `purge` (those of them that go with
 * their settings), `stays` (added, and still there afterwards).
 */
export const choosing = sh`
# hw_names EXPRESSION FILE: names of the packages of a note whose state matches (second letter of the abbreviation).
hw_names() { awk -F'\t' -v want="$1" 'substr($2, 2, 1) ~ want { print $1 }' "$2" | LC_ALL=C sort; }

# hw_choose NAMES: sets aside what the step has added and nothing else needs. NAMES: only these, and what came with them.
hw_choose() {
  hw_names '[^nc]' "$HW_BEFORE/found/packages" >"$hw_work/had"
  hw_names c "$HW_BEFORE/found/packages" >"$hw_work/had-settings"
  hw_names '[^n]' "$HW_BEFORE/left/packages" >"$hw_work/then"
  hw_note_packages "$hw_work/packages"; hw_note_auto "$hw_work/auto"
  hw_names '[^n]' "$hw_work/packages" >"$hw_work/here"
  # Settings alone that were there before are no package of ours.
  hw_names '[^nc]' "$hw_work/packages" >"$hw_work/whole"
  LC_ALL=C comm -13 "$hw_work/had" "$hw_work/then" | LC_ALL=C comm -12 - "$hw_work/here" >"$hw_work/all"
  LC_ALL=C comm -12 "$hw_work/all" "$hw_work/had-settings" | LC_ALL=C comm -23 - "$hw_work/whole" >"$hw_work/settled"
  LC_ALL=C comm -23 "$hw_work/all" "$hw_work/settled" >"$hw_work/added"
  # What came along and was since marked as wanted (apt-mark(8), apt install) is a person's by now.
  while IFS= read -r hw_name; do
    hw_bare=\${hw_name%%:*}
    hw_then_auto=; ! grep -qxF -e "$hw_bare" "$HW_BEFORE/left/auto" || hw_then_auto=1
    hw_now_auto=; ! grep -qxF -e "$hw_bare" "$hw_work/auto" || hw_now_auto=1
    if [ $# -gt 0 ] && [ -z "$hw_then_auto" ]; then
      hw_wanted=; for hw_only in "$@"; do [ "$hw_only" != "$hw_bare" ] || hw_wanted=1; done
      [ -n "$hw_wanted" ] || continue
    elif [ -n "$hw_then_auto" ] && [ -z "$hw_now_auto" ] && grep -qxF -e "$hw_name" "$hw_work/whole"; then
      continue
    fi
    printf '%s\n' "$hw_name"
  done <"$hw_work/added" >"$hw_work/gone"
  hw_leave_needed || return 1
  LC_ALL=C comm -23 "$hw_work/gone" "$hw_work/had-settings" >"$hw_work/purge"
  LC_ALL=C comm -23 "$hw_work/added" "$hw_work/gone" >"$hw_work/stays"
}

# hw_leave_needed: dpkg itself says what something needs that stays; that is left out until it has no objection.
hw_leave_needed() {
  : >"$hw_work/needed"
  while [ -s "$hw_work/gone" ]; do
    ! LC_ALL=C dpkg --no-act --abort-after=99999 --force-remove-reinstreq --purge -- $(cat -- "$hw_work/gone") >"$hw_work/dry" 2>&1 || break
    sed -n 's/^dpkg: error processing package \(.*\) (--purge):$/\1/p' "$hw_work/dry" | LC_ALL=C sort -u >"$hw_work/refused"
    LC_ALL=C comm -23 "$hw_work/gone" "$hw_work/refused" >"$hw_work/fewer"
    if cmp -s "$hw_work/gone" "$hw_work/fewer"; then
      tail -n 5 -- "$hw_work/dry" >&2
      hw_fail "dpkg would not remove what this step installed: see above. Mend it by hand, then do this again."
    fi
    sed -n 's/^ \(.* \(depends\|pre-depends\) on .*\)\.$/\1/p' "$hw_work/dry" >>"$hw_work/needed"
    mv -f -- "$hw_work/fewer" "$hw_work/gone"
  done
  [ ! -s "$hw_work/needed" ] ||
    hw_say "Stays installed, because what came later needs it: $(LC_ALL=C sort -u "$hw_work/needed" | head -n 10 | tr '\n' ';' | sed 's/;$//; s/;/; /g')"
}
`;
