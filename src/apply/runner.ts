import { RUNTIME_DIRECTORY, STATE_DIRECTORY } from '../connect/program.ts';
import { Shell } from '../quote.ts';

/**
 * The part of a run's script that is the same for every run: lock, events, steps, owed reloads, confirmation.
 * It works on functions that `script.ts` generates: `hw_do_N_<part>` for step N, `hw_validate_<service>`.
 *
 * Event lines are fields separated by tabs, texts in base64; `follow.ts` reads them. The last is always `end STATUS`.
 */
export const runner = new Shell(
  String.raw`
LC_ALL=C; export LC_ALL; PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
unset CDPATH; umask 022; cd /
HW_STATE=${STATE_DIRECTORY}; HW_VOLATILE=${RUNTIME_DIRECTORY}
HW_RUN=$HW_STATE/runs/$HW_ID; HW_BLOBS=$HW_RUN/blobs; P=

hw_event() { (IFS='	'; printf '%s\n' "$*") >>"$HW_RUN/events"; }
hw_text() { printf '%s' "$1" | tail -c 8000 | base64 -w0; }
hw_tail() { tail -c 8000 -- "$1" 2>/dev/null | base64 -w0; }

# hw_owe ACTION SERVICE: notes that a service has to learn of a change. Written before the change, so that it is not
# forgotten by a failure in between; the time since boot tells whether the service has been started since.
hw_owe() {
  mkdir -p -m 700 -- "$HW_STATE/pending"
  printf '%s %s\n' "$(cat /proc/sys/kernel/random/boot_id)" "$(cut -d' ' -f1 /proc/uptime | tr -d .)" >"$HW_STATE/pending/$1:$2"
}

# hw_settled MARK SERVICE: true when the service was started after the mark was made: it has read everything already.
hw_settled() {
  read -r hw_boot hw_time <"$1" || return 1
  [ "$hw_boot" = "$(cat /proc/sys/kernel/random/boot_id)" ] || return 0
  hw_since=$(systemctl show -p ActiveEnterTimestampMonotonic --value -- "$2.service")
  [ "$(( \${hw_since:-0} / 10000 ))" -gt "$hw_time" ]
}

# hw_deliver: reloads or restarts what is owed. A service whose configuration does not validate is left alone.
hw_deliver() {
  hw_failed=0
  for hw_mark in "$HW_STATE"/pending/*:*; do
    [ -e "$hw_mark" ] || continue
    hw_name=$(basename -- "$hw_mark"); hw_action=\${hw_name%%:*}; hw_service=\${hw_name#*:}
    if [ "$hw_action" = reload ] && [ -e "$HW_STATE/pending/restart:$hw_service" ]; then rm -f -- "$hw_mark"; continue; fi
    if ! systemctl is-active --quiet -- "$hw_service.service" || hw_settled "$hw_mark" "$hw_service"; then rm -f -- "$hw_mark"; continue; fi
    if [ "$(systemctl show -p NeedDaemonReload --value -- "$hw_service.service")" = yes ]; then systemctl daemon-reload; fi
    if (hw_validate "$hw_service" && systemctl "$hw_action" -- "$hw_service.service") >"$HW_RUN/step.log" 2>&1 </dev/null; then
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
hw_remember() { printf '%s\t%s\n' "$1" "$2" >>"$HW_STATE/remembered"; }

hw_failed_step() { # N START REASON
  # A step that gave up in words of its own has left them here.
  hw_reason=$(cat "$HW_RUN/reason" 2>/dev/null)
  hw_event step-ended "$1" failed "$(( $(hw_now) - $2 ))" "$(hw_text "\${hw_reason:-$3}")" "$(hw_tail "$HW_RUN/step.log")"
}
hw_now() { cut -d' ' -f1 /proc/uptime | tr -d .; }

# hw_step N GUARDED: one step. In order: nothing to do? still as planned? record, note what is owed, change, prove.
hw_step() {
  if [ -e "$HW_RUN/stop" ]; then
    [ ! -e "$HW_STATE/unconfirmed/$HW_ID/steps" ] || { hw_revert_all failure; hw_event reverted "$(hw_text 'The run was stopped before the change was confirmed.')"; }
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
  : >"$HW_BEFORE/recorded"
  "hw_do_$1_owes"
  [ "$2" = plain ] || hw_guard "$1"
  (set -e; "hw_do_$1_change") >>"$HW_RUN/step.log" 2>&1 </dev/null 9>&-
  if [ $? != 0 ]; then hw_failed_step "$1" "$hw_begun" 'The change failed.'; hw_abandon; fi
  (set -e; "hw_do_$1_converged") >>"$HW_RUN/step.log" 2>&1 </dev/null 9>&-
  if [ $? != 0 ]; then hw_failed_step "$1" "$hw_begun" 'The change was made but did not take effect.'; hw_abandon; fi
  hw_keep_memory "$1" "$2"
  hw_event step-ended "$1" changed "$(( $(hw_now) - hw_begun ))"
}

# Memory of guarded steps is kept only once they are confirmed.
hw_keep_memory() {
  if [ "$2" = plain ]; then "hw_do_$1_remember"; else hw_guarded="\${hw_guarded:-} $1"; fi
}

# hw_guard N: from here on the host undoes step N by itself, by a timer and at the next boot, unless it is confirmed.
hw_guard() {
  hw_revert=$HW_STATE/unconfirmed/$HW_ID
  if [ ! -e "$hw_revert/steps" ]; then
    mkdir -p -m 700 -- "$hw_revert" && cp -- "$HW_RUN/script" "$hw_revert/script" && : >"$hw_revert/steps" || hw_abandon
    cat >/etc/systemd/system/hostwright-revert.service <<'HW_UNIT'
[Unit]
Description=Undo hostwright changes that nobody confirmed
Documentation=man:systemd.unit(5)
DefaultDependencies=no
RequiresMountsFor=/var/lib/hostwright
After=local-fs.target systemd-tmpfiles-setup.service
Before=network-pre.target sysinit.target shutdown.target hostwright-firewall.service
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'for f in /var/lib/hostwright/unconfirmed/*/script; do [ ! -e "$f" ] || /bin/sh "$f" revert boot; done'

[Install]
WantedBy=sysinit.target
HW_UNIT
    mkdir -p /etc/systemd/system/sysinit.target.wants
    ln -sf ../hostwright-revert.service /etc/systemd/system/sysinit.target.wants/hostwright-revert.service
    sync -f /etc/systemd/system "$hw_revert"
    systemd-run --quiet --collect --unit="hostwright-revert-$HW_ID" --on-active="$HW_CONFIRM_SECONDS" --timer-property=AccuracySec=500ms \
      /bin/sh "$hw_revert/script" revert timer </dev/null || hw_abandon
  fi
  printf '%s\n' "$1" >>"$hw_revert/steps"; sync -- "$hw_revert/steps"
}

# hw_confirm: lets the guarded services read their configuration, then waits for a fresh connection to say that it got in.
hw_confirm() {
  hw_revert=$HW_STATE/unconfirmed/$HW_ID
  if [ ! -e "$hw_revert/steps" ]; then hw_confirmed; return 0; fi
  hw_deliver || { hw_event reverting; hw_abandon; }
  hw_event confirm "$HW_CONFIRM_SECONDS"
  while [ -e "$hw_revert/steps" ]; do
    if [ -e "$HW_VOLATILE/confirmed-$HW_ID" ]; then
      exec 8>"$HW_VOLATILE/revert-$HW_ID"; flock 8
      # The timer may have been first after all.
      [ -e "$hw_revert/steps" ] || break
      hw_disarm; exec 8>&-; hw_confirmed; hw_event confirmed; return 0
    fi
    sleep 0.1
  done
  hw_event reverted "$(hw_text "No new connection got through within $HW_CONFIRM_SECONDS seconds.")"
  hw_finish 1
}
hw_confirmed() { for hw_n in \${hw_guarded:-}; do "hw_do_\${hw_n}_remember"; done; hw_guarded=; }
hw_disarm() {
  systemctl stop "hostwright-revert-$HW_ID.timer" 2>/dev/null
  rm -rf -- "$HW_STATE/unconfirmed/$HW_ID" "$HW_VOLATILE/confirmed-$HW_ID"
  if rmdir -- "$HW_STATE/unconfirmed" 2>/dev/null; then
    rm -f -- /etc/systemd/system/sysinit.target.wants/hostwright-revert.service /etc/systemd/system/hostwright-revert.service
    systemctl daemon-reload
  fi
  return 0
}

# hw_revert_all HOW: undoes the guarded steps, last first. HOW is timer, boot or failure.
hw_revert_all() {
  hw_revert=$HW_STATE/unconfirmed/$HW_ID
  mkdir -p -m 700 -- "$HW_VOLATILE"
  exec 8>"$HW_VOLATILE/revert-$HW_ID"; flock 8
  [ -e "$hw_revert/steps" ] || return 0
  # While the machine boots, waiting for a job that is queued behind us would wait for ever.
  if [ "$1" = boot ]; then systemctl() { command systemctl --no-block "$@"; }; fi
  for hw_n in $(tac "$hw_revert/steps"); do
    HW_BEFORE=$HW_RUN/before/$hw_n
    [ -e "$HW_BEFORE/recorded" ] || continue
    (set -e; "hw_do_\${hw_n}_undo") >>"$HW_RUN/output" 2>&1 </dev/null 8>&-
    "hw_do_\${hw_n}_owes"
  done
  if [ "$1" = boot ]; then
    rm -f -- "$HW_STATE"/pending/*
    hw_event reverted "$(hw_text 'The machine was restarted before a new connection had confirmed the change.')"
  else
    systemctl daemon-reload
    hw_deliver
  fi
  hw_disarm
}

hw_abandon() {
  if [ -e "$HW_STATE/unconfirmed/$HW_ID/steps" ]; then
    hw_revert_all failure
    hw_event reverted "$(hw_text 'A step failed before the change could be confirmed.')"
  fi
  hw_finish 1
}

hw_begin() {
  mkdir -p -m 700 -- "$HW_STATE" "$HW_VOLATILE"
  exec 9>>"$HW_STATE/lock"
  if ! flock -n 9; then
    hw_other=$(cat "$HW_STATE/current" 2>/dev/null)
    hw_event busy "$(hw_text "$(cat "$HW_STATE/runs/$hw_other/owner" 2>/dev/null)")"
    rm -rf -- "$HW_BLOBS"
    hw_event end 75; exit 0
  fi
  printf '%s\n' "$HW_ID" >"$HW_STATE/current"
  printf '%s\n' "$HW_FORMAT" >"$HW_STATE/format"
  printf '%s\n' "$HW_OWNER" >"$HW_RUN/owner"
  [ ! -e "$HW_BLOBS/plan.json" ] || mv -f -- "$HW_BLOBS/plan.json" "$HW_RUN/plan.json"
}

# hw_finish STATUS: the one way out.
hw_finish() {
  printf '%s\n' "$1" >"$HW_RUN/status"
  printf '%s\n' "$HW_ID" >"$HW_STATE/last"
  rm -rf -- "$HW_BLOBS" "$HW_STATE/current" "$HW_RUN/step.log" "$HW_RUN/reason"
  if [ "$(wc -l <"$HW_STATE/remembered" 2>/dev/null || echo 0)" -gt 2000 ]; then
    tac "$HW_STATE/remembered" | awk -F'\t' '!seen[$1]++' | tac >"$HW_STATE/remembered.new" && mv -f -- "$HW_STATE/remembered.new" "$HW_STATE/remembered"
  fi
  hw_event end "$1"
  exit 0
}

# hw_ended: runs when the unit has stopped, however it stopped; a run that could not say goodbye gets its last event here.
hw_ended() {
  case $(tail -n 1 -- "$HW_RUN/events" 2>/dev/null) in end*) return 0 ;; esac
  printf 'interrupted\n' >"$HW_RUN/status"
  rm -rf -- "$HW_BLOBS" "$HW_STATE/current"
  hw_event end 137
}

hw_entry() {
  case $1 in
  run)
    hw_begin; hw_steps
    hw_deliver || hw_finish 1
    (hw_last) >>"$HW_RUN/output" 2>&1 </dev/null 9>&-
    hw_finish 0 ;;
  ended) hw_ended ;;
  revert) hw_revert_all "$2" ;;
  esac
}
`.replaceAll('\\${', '${'),
);
