import { Shell } from '../quote.ts';

/**
 * Kinds whose oldest record alone brings back what was there before hostwright. What other kinds record tells what one
 * step added: taking a resource off needs all of it.
 */
const ABSOLUTE = ['file', 'symlink', 'sysctl', 'hostname', 'timezone'];

/**
 * The part of a run's script that tidies up the records of earlier runs, once the run has ended and while it still holds
 * the lock. What is kept, and why, is in docs/decisions/0013-what-the-journal-keeps.md.
 *
 * A run that has lost records which taking it back would need has a file `pruned`: a line for each step, its number.
 */
export const prune = new Shell(
  String.raw`
# hw_prune: the records of earlier runs that nobody will need go.
hw_prune() (
  cd -- "$HW_STATE/runs" 2>/dev/null || exit 0
  hw_today=$(date +%s); hw_whole=0; hw_old=; hw_all=
  # The newest first, by this machine's clock.
  for hw_entry in $(stat --printf '%Y:%n\n' -- */owner 2>/dev/null | sed 's,/owner$,,' | sort -t: -k1,1nr -k2,2r); do
    hw_id=\${hw_entry#*:}; hw_days=$(( (hw_today - \${hw_entry%%:*}) / 86400 ))
    hw_status=; [ ! -f "$hw_id/status" ] || read -r hw_status <"$hw_id/status"
    if [ "$hw_id" = "$HW_ID" ]; then hw_whole=$((hw_whole + 1)); continue; fi
    if [ "$hw_status" = refused ]; then [ "$hw_days" -le 7 ] || rm -rf -- "$hw_id"; continue; fi
    if [ -e "$hw_id/undone-by" ]; then
      [ "$hw_days" -le 90 ] || [ ! -e "$hw_id/script" ] || rm -rf -- "$hw_id/before" "$hw_id/script" "$hw_id/output" "$hw_id/events" "$hw_id/resources"
      continue
    fi
    hw_whole=$((hw_whole + 1)); hw_all="$hw_id $hw_all"
    [ "$hw_whole" -le 20 ] || [ "$hw_days" -le 90 ] || hw_old="$hw_id $hw_old"
  done
  hw_needed=
  for hw_id in $hw_old; do hw_thin "$hw_id"; hw_condense "$hw_id"; done
  hw_make_room
)

# hw_thin RUN: of what it recorded only that stays which taking a resource off will need.
hw_thin() {
  [ -e "$1/resources" ] && [ -d "$1/before" ] || return 0
  [ -n "$hw_needed" ] || hw_needed=$(hw_find_needed)
  # Without an answer nothing is known to be dispensable.
  case $hw_needed in *-) ;; *) exit 1 ;; esac
  hw_left=
  for hw_step in "$1"/before/*; do
    [ -d "$hw_step" ] || continue
    case "
$hw_needed
" in *"
$1 \${hw_step##*/}
"*) hw_left=1; continue ;; esac
    hw_pass_on "$1" "$hw_step"
    hw_drop "$1" "$hw_step"
  done
  [ -z "$hw_left" ] || hw_thinned="\${hw_thinned:-} $1"
  [ -n "$hw_left" ] || rm -rf -- "$1/before" "$1/script"
}

# hw_drop RUN STEP: notes that a step cannot be taken back any more, unless it has been, or is itself part of a rollback.
hw_drop() {
  [ -e "$1/undone/\${2##*/}" ] || grep -qF '"kind":"rollback"' "$1/owner.json" 2>/dev/null ||
    printf '%s\n' "\${2##*/}" >>"$1/pruned" || return 0
  rm -rf -- "$2"
}

# hw_pass_on RUN STEP: what this step left is what the one before it, which stays, will find when it is taken back.
hw_pass_on() {
  for hw_mark in "$2"/*/*.left; do
    [ -e "$hw_mark" ] || continue
    for hw_other in \${hw_thinned:-}; do
      for hw_same in "$hw_other"/before/*/*/"\${hw_mark##*/}"; do
        [ ! -e "$hw_same" ] || { cp -- "$hw_mark" "$hw_same.new" && mv -f -- "$hw_same.new" "$hw_same"; }
      done
    done
  done
}

# hw_condense RUN: what it printed goes; what became of each step stays.
hw_condense() {
  [ -e "$1/output" ] || [ -e "$1/blobs" ] || return 0
  if [ -e "$1/events" ]; then
    { grep -aE '^(step-started|step-ended|reverted|end)	' -- "$1/events" | cut -f1-4; } >"$1/events.new" && mv -f -- "$1/events.new" "$1/events"
  fi
  rm -rf -- "$1/output" "$1/blobs" "$1"/stage-*
}

# hw_find_needed: a line "RUN STEP" for each step that has to stay: of each resource that is still ours the oldest record
# that has not been undone; of kinds whose records say only what a step added, all of them. The last line is "-".
hw_find_needed() {
  {
    printf 'run\t%s\n' $hw_all "$HW_ID"
    [ ! -e "$HW_STATE/remembered" ] || sed 's/^/ours\t/' "$HW_STATE/remembered"
    find . -mindepth 4 -maxdepth 4 -path './*/before/*/recorded' -printf 'recorded\t%P\n'
    awk '{ print "undone\t" FILENAME "\t" $0 }' */undone/* /dev/null 2>/dev/null
    awk '{ print "step\t" FILENAME "\t" $0 }' */resources /dev/null 2>/dev/null
  } | awk -F'\t' -v absolute=' ${ABSOLUTE.join(' ')} ' '
    $1 == "run" { order[++runs] = $2 }
    $1 == "ours" { ours[$2] = $3 != "" }
    $1 == "recorded" { split($2, at, "/"); recorded[at[1], at[3]] = 1 }
    $1 == "undone" { split($2, at, "/"); undone[at[1], at[3], $3] = 1 }
    $1 == "step" { split($2, at, "/"); line[at[1], ++lines[at[1]]] = $3 "\t" $5 "\t" $7 }
    END {
      for (r = 1; r <= runs; r++) for (n = 1; n <= lines[order[r]]; n++) {
        split(line[order[r], n], part, "\t"); step = part[1]; kind = part[2]; id = part[3]
        if (!((order[r], step) in recorded) || ((order[r], step, id) in undone) || !ours[id]) continue
        if (index(absolute, " " kind " ") && (id in seen)) continue
        seen[id] = 1
        if (!((order[r], step) in said)) print order[r] " " step
        said[order[r], step] = 1
      }
      print "-"
    }'
}

# hw_make_room: kept originals take 1 GB at most, and 5 % of the file system; the oldest go first, this run's never.
hw_make_room() {
  hw_most=$(df --output=size -k -- "$HW_STATE" | tail -n 1)
  hw_most=$((hw_most / 20)); [ "$hw_most" -le 1048576 ] || hw_most=1048576
  hw_weight=$(du -sk -- */before 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }')
  for hw_way in hw_thin hw_empty; do
    for hw_id in $hw_all; do
      [ "$hw_weight" -gt "$hw_most" ] || return 0
      [ -d "$hw_id/before" ] || continue
      hw_weight=$((hw_weight - $(hw_weigh "$hw_id")))
      "$hw_way" "$hw_id"
      hw_weight=$((hw_weight + $(hw_weigh "$hw_id")))
    done
  done
}
hw_weigh() { hw_kilobytes=$(du -sk -- "$1/before" 2>/dev/null | cut -f1); echo "\${hw_kilobytes:-0}"; }
hw_empty() {
  for hw_step in "$1"/before/*; do [ ! -d "$hw_step" ] || hw_drop "$1" "$hw_step"; done
  rm -rf -- "$1/before" "$1/script"
}
`.replaceAll('\\${', '${'),
);
