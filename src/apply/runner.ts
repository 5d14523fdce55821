import { KEPT_DIRECTORY, RUNTIME_DIRECTORY, STATE_DIRECTORY } from '../connect/program.ts';
import { Shell } from '../quote.ts';

/**
 * The part of a run's script that is the same for every run: lock, events, steps, owed reloads; what is confirmed or
 * undone is in `guard.ts`, and what is made good after a run that did not end by itself in `tidying.ts`.
 * It works on functions that `script.ts` generates: `hw_do_N_<part>` for step N, `hw_validate_<service>`.
 *
 * Event lines are fields separated by tabs, texts in base64; `follow.ts` reads them. The last is always `end STATUS`.
 */
export const runner = new Shell(
  String.raw`
LC_ALL=C; export LC_ALL; PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
unset CDPATH; umask 022; cd /
HW_STATE=${STATE_DIRECTORY}; HW_VOLATILE=${RUNTIME_DIRECTORY}
HW_RUN=$HW_STATE/runs/$HW_ID; HW_BLOBS=$HW_RUN/blobs; HW_KEPT=${KEPT_DIRECTORY}/$HW_ID; P=

# hw_event FIELD…: what is set aside in "reserve" makes room on a full disk; a line that was cut short is marked as such.
hw_event() {
  (IFS='	'; printf '%s\n' "$*") 2>/dev/null >>"$HW_RUN/events" && return 0
  rm -f -- "$HW_RUN/reserve"
  (IFS='	'; printf '\030\n%s\n' "$*") >>"$HW_RUN/events"
}
hw_text() { printf '%s' "$1" | tail -c 8000 | base64 -w0; }
hw_tail() { tail -c 8000 -- "$1" 2>/dev/null | base64 -w0; }
# hw_now: hundredths of a second since boot: when sed was started, by the kernel's clock. /proc/uptime is no good for
# that, since LXC shows each container its own and systemd's times are the kernel's.
hw_now() { sed 's/.*) //' /proc/self/stat | cut -d' ' -f20; }

# hw_owe ACTION SERVICE: notes that a service has to learn of a change. Written before the change, so that it is not
# forgotten by a failure in between; the time since boot tells whether the service has been started since.
hw_owe() {
  mkdir -p -m 700 -- "$HW_STATE/pending"
  printf '%s %s\n' "$(cat /proc/sys/kernel/random/boot_id)" "$(hw_now)" >"$HW_STATE/pending/$1:$2" || return 1
  hw_owed="\${hw_owed:-} $HW_STATE/pending/$1:$2"
}

# hw_unit NAME: the name of a unit with its suffix; without one it is a service.
hw_unit() { case $1 in *.timer | *.path | *.socket | *.service) printf '%s' "$1" ;; *) printf '%s.service' "$1" ;; esac; }

# hw_settled MARK SERVICE: true when the service was started after the mark was made: it has read everything already.
hw_settled() {
  read -r hw_boot hw_time <"$1" || return 1
  [ "$hw_boot" = "$(cat /proc/sys/kernel/random/boot_id)" ] || return 0
  hw_since=$(systemctl show -p ActiveEnterTimestampMonotonic --value -- "$(hw_unit "$2")")
  [ "$(( \${hw_since:-0} / 10000 ))" -gt "$hw_time" ]
}

# hw_deliver MARK…: reloads or restarts what is owed. A service whose configuration does not validate is left alone.
hw_deliver() {
  hw_failed=0
  for hw_mark in "$@"; do
    [ -e "$hw_mark" ] || continue
    hw_name=$(basename -- "$hw_mark"); hw_action=\${hw_name%%:*}; hw_service=\${hw_name#*:}; hw_named=$(hw_unit "$hw_service")
    # A restart does for a reload, unless the service was started since the restart was owed: then there will be none.
    hw_restart=$HW_STATE/pending/restart:$hw_service
    if [ "$hw_action" = reload ] && [ -e "$hw_restart" ] && ! hw_settled "$hw_restart" "$hw_service"; then rm -f -- "$hw_mark"; continue; fi
    # A service that does not run will read everything when it starts.
    case $(systemctl show -p ActiveState --value -- "$hw_named") in inactive | failed | '') rm -f -- "$hw_mark"; continue ;; esac
    if hw_settled "$hw_mark" "$hw_service"; then rm -f -- "$hw_mark"; continue; fi
    if [ "$(systemctl show -p NeedDaemonReload --value -- "$hw_named")" = yes ] || hw_new_drop_ins "$hw_named"; then systemctl daemon-reload; fi
    if (hw_validate "$hw_service" && systemctl "$hw_action" -- "$hw_named") >"$HW_RUN/step.log" 2>&1 </dev/null 8>&- 9>&-; then
      rm -f -- "$hw_mark"
      hw_event notified "$hw_service" "$hw_action" ok ''
    else
      hw_failed=1
      hw_event notified "$hw_service" "$hw_action" failed "$(hw_tail "$HW_RUN/step.log")"
    fi
  done
  return "$hw_failed"
}

# hw_remember ID VALUE: appends what the next run will want to know; the last line of an id wins.
hw_remember() {
  printf '%s\t%s\n' "$1" "$2" 2>/dev/null >>"$HW_STATE/remembered" && return 0
  rm -f -- "$HW_RUN/reserve"
  printf '\n%s\t%s\n' "$1" "$2" >>"$HW_STATE/remembered"
}

hw_failed_step() { # N START REASON
  # A step that gave up in words of its own has left them here.
  hw_reason=$(cat "$HW_RUN/reason" 2>/dev/null)
  hw_event step-ended "$1" failed "$(( $(hw_now) - $2 ))" "$(hw_text "\${hw_reason:-$3}")" "$(hw_tail "$HW_RUN/step.log")"
}

# hw_step N GUARDED: one step. In order: nothing to do? still as planned? record, note what is owed, change, prove.
hw_step() {
  if [ -e "$HW_RUN/stop" ]; then
    hw_go_back 'The run was stopped before the change was confirmed.'
    hw_event stopped; hw_finish 130
  fi
  hw_begun=$(hw_now)
  HW_BEFORE=$HW_RUN/before/$1; mkdir -p -m 700 -- "$HW_BEFORE"
  hw_event step-started "$1"
  : >"$HW_RUN/step.log"; rm -f -- "$HW_RUN/reason"
  (set -e; "hw_do_$1_converged") >/dev/null 2>&1 </dev/null 9>&-
  if [ $? = 0 ]; then
    hw_keep_memory "$1" "$2"
    hw_event step-ended "$1" unchanged "$(( $(hw_now) - hw_begun ))"
    return 0
  fi
  rm -f -- "$HW_RUN/reason"
  (set -e; "hw_do_$1_unmoved") >>"$HW_RUN/step.log" 2>&1 </dev/null 9>&-
  if [ $? != 0 ]; then
    hw_failed_step "$1" "$hw_begun" 'It is no longer as it was when the plan was made. Run the command again to plan anew.'
    hw_abandon
  fi
  (set -e; "hw_do_$1_record") >>"$HW_RUN/step.log" 2>&1 </dev/null 9>&-
  if [ $? != 0 ]; then hw_failed_step "$1" "$hw_begun" 'Its present state could not be saved, so it was not changed.'; hw_abandon; fi
  # What undoing needs is on the disk before anything changes, and that it is there only after it.
  hw_to_disk "$HW_BEFORE" && hw_memory_to_disk && "hw_do_$1_ids" >>"$HW_STATE/underway" && : >"$HW_BEFORE/recorded" &&
    sync -- "$HW_STATE/underway" "$HW_BEFORE/recorded" || {
    hw_failed_step "$1" "$hw_begun" 'Its present state could not be written to the disk, so it was not changed.'; hw_abandon
  }
  if ! "hw_do_$1_owes"; then
    hw_failed_step "$1" "$hw_begun" 'What has to be told to services afterwards could not be noted, so it was not changed.'; hw_abandon
  fi
  if [ "$2" = plain ]; then hw_owed=
  elif ! hw_guard "$1"; then
    hw_failed_step "$1" "$hw_begun" 'The host could not get ready to undo it by itself, so it was not changed.'; hw_abandon
  fi
  (set -e; "hw_do_$1_change") >>"$HW_RUN/step.log" 2>&1 </dev/null 8>&- 9>&-
  hw_code=$?
  hw_after "$1"
  exec 8>&-
  if [ "$hw_code" != 0 ]; then hw_failed_step "$1" "$hw_begun" 'The change failed.'; hw_abandon; fi
  (set -e; "hw_do_$1_converged") >>"$HW_RUN/step.log" 2>&1 </dev/null 9>&-
  if [ $? != 0 ]; then hw_failed_step "$1" "$hw_begun" 'The change was made but did not take effect.'; hw_abandon; fi
  hw_keep_memory "$1" "$2"
  hw_event step-ended "$1" changed "$(( $(hw_now) - hw_begun ))"
}

# hw_after N: notes what step N left, for the day on which it is undone. Its own note counts as made only when it is whole.
hw_after() {
  (set -e; "hw_do_$1_after"; hw_note_left) >>"$HW_RUN/step.log" 2>&1 </dev/null 8>&- 9>&-
}

# hw_to_disk PATH: with everything in it.
hw_to_disk() { find "$1" \( -type f -o -type d \) -exec sync -- {} +; }

# hw_not_underway N: step N has left nothing half made. What is half made is nobody else's work, though it is not yet
# remembered; of a run that succeeded there is none.
hw_not_underway() {
  [ -e "$HW_STATE/underway" ] || return 0
  "hw_do_$1_ids" | grep -vxF -f - -- "$HW_STATE/underway" >"$HW_STATE/underway.new"
  mv -f -- "$HW_STATE/underway.new" "$HW_STATE/underway"
}

# hw_memory_to_disk: of the steps before this one, whose work is there already.
hw_memory_to_disk() { [ ! -e "$HW_STATE/remembered" ] || sync -- "$HW_STATE/remembered"; }

# Memory of guarded steps is kept only once they are confirmed.
hw_keep_memory() {
  if [ "$2" = plain ]; then "hw_do_$1_remember"; else hw_guarded="\${hw_guarded:-} $1"; fi
}

hw_begin() {
  mkdir -p -m 700 -- "$HW_STATE" "$HW_VOLATILE"
  printf '%s\n' "$HW_OWNER" >"$HW_RUN/owner"
  for hw_file in plan.json owner.json resources; do
    [ ! -e "$HW_BLOBS/$hw_file" ] || mv -f -- "$HW_BLOBS/$hw_file" "$HW_RUN/$hw_file"
  done
  exec 9>>"$HW_STATE/lock"
  # A run that has just ended may still be tidying up.
  if ! flock -w 3 9; then
    hw_other=$(cat "$HW_STATE/current" 2>/dev/null)
    printf 'refused\n' >"$HW_RUN/status"
    rm -rf -- "$HW_BLOBS"
    hw_event busy "$(hw_text "$(cat "$HW_STATE/runs/$hw_other/owner" 2>/dev/null)")"
    hw_event end 75; exit 0
  fi
  hw_tidy
  hw_in_order
  printf '%s\n' "$HW_ID" >"$HW_STATE/current"
  printf '%s\n' "$HW_FORMAT" >"$HW_STATE/format"
  # Room for the last words of a run that fills the disk.
  fallocate -l 1M -- "$HW_RUN/reserve" 2>/dev/null || head -c 1048576 /dev/zero >"$HW_RUN/reserve" || :
}

# hw_in_order: runs are told apart by when they began, so this one must not seem older than the one before it: a machine
# without a clock of its own starts with the time of its last hour, and two runs may begin in one second.
hw_in_order() {
  hw_newest=$(stat -c '%Y %n' -- "$HW_STATE"/runs/*/owner 2>/dev/null | grep -vF "/$HW_ID/owner" | sort -n | tail -n 1)
  hw_newest=\${hw_newest%% *}
  [ "\${hw_newest:-0}" -lt "$(stat -c %Y -- "$HW_RUN/owner")" ] || touch -d "@$((hw_newest + 1))" -- "$HW_RUN/owner"
}

# hw_finish STATUS: the one way out.
hw_finish() {
  [ "$1" = 0 ] || hw_room=$(df --output=avail -B1 -- "$HW_STATE" 2>/dev/null | tail -n 1 | tr -d ' ')
  rm -f -- "$HW_RUN/reserve"
  printf '%s\n' "$1" >"$HW_RUN/status"
  printf '%s\n' "$HW_ID" >"$HW_STATE/last"
  rm -rf -- "$HW_BLOBS" "$HW_STATE/current" "$HW_RUN/step.log" "$HW_RUN/reason"
  [ "$1" != 0 ] || rm -f -- "$HW_STATE/underway"
  hw_drop_transient
  if [ -e "$HW_STATE/remembered" ]; then
    if [ "$(wc -l <"$HW_STATE/remembered")" -gt 2000 ]; then
      tac "$HW_STATE/remembered" | awk -F'\t' '!seen[$1]++' | tac >"$HW_STATE/remembered.new" &&
        sync -- "$HW_STATE/remembered.new" && mv -f -- "$HW_STATE/remembered.new" "$HW_STATE/remembered"
    fi
  fi
  # Also what the steps left: edits that come later are known by it.
  sync -f -- "$HW_STATE"
  [ "\${hw_room:-1048576}" -ge 1048576 ] || hw_event full "$hw_room"
  hw_event end "$1"
  # Nobody waits for this any more.
  [ -n "$HW_FAREWELL" ] || hw_prune >>"$HW_RUN/output" 2>&1 </dev/null
  exit 0
}

# hw_undo STEP PART RUN [NAME…]: for a later run, RUN, that takes a step of this one back; of a batch only NAMEs.
hw_undo() {
  hw_n=$1; hw_part=$2; HW_BEFORE=$HW_RUN/before/$1/$2; hw_work_for "$3"
  shift 3; HW_ONLY=$*
  [ -d "$HW_BEFORE" ] || hw_fail 'What it changed was not recorded, or is no longer kept.'
  (set -e; "hw_do_\${hw_n}_undo_$hw_part")
}

# hw_record STEP PART FOLDER RUN: for RUN, records the state of now in FOLDER, as that step has recorded what it found.
# hw_redo STEP PART FOLDER RUN: and back to it.
hw_record() { hw_work_for "$4" && HW_BEFORE=$3; (set -e; "hw_do_$1_record_$2"); }
hw_redo() { hw_work_for "$4" && HW_BEFORE=$3; (set -e; "hw_do_$1_undo_$2"); }

# hw_work_for RUN: what is said and kept is said and kept by that run; the events of this one have ended.
hw_work_for() { HW_RUN=$HW_STATE/runs/$1; HW_KEPT=${KEPT_DIRECTORY}/$1; }

hw_entry() {
  case $1 in
  run)
    hw_begin
    # Not before ||: there, nothing in it would end it.
    (set -e; hw_state_files) >>"$HW_RUN/output" 2>&1 </dev/null 9>&-
    [ $? = 0 ] || hw_finish 1
    hw_steps
    hw_deliver "$HW_STATE"/pending/*:* || hw_finish 1
    (hw_last) >>"$HW_RUN/output" 2>&1 </dev/null 9>&-
    hw_finish 0 ;;
  ended) hw_ended "\${2:-}" ;;
  revert) hw_revert_all "$2" ;;
  state-back) (set -e; hw_state_back) ;;
  undo | record | redo) hw_verb=$1; shift; "hw_$hw_verb" "$@" ;;
  *) echo "This is not a request." >&2; exit 2 ;;
  esac
}
`.replaceAll('\\${', '${'),
);
