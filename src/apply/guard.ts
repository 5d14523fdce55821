import { Shell } from '../quote.ts';

/**
 * The part of a run's script that keeps the way in: guarded steps are undone by the host itself, by a timer and at the
 * next boot, unless a fresh connection confirms them. It works on what `runner.ts` defines.
 *
 * Lock 8 (`flock`) is held while a guarded change is made, confirmed or undone, so that only one of these happens.
 */
export const guard = new Shell(
  String.raw`
# hw_guard N: from here on the host undoes step N by itself, by a timer and at the next boot, unless it is confirmed.
# Holds lock 8 until the change is made: the timer waits for it, so that nothing is changed behind its back.
hw_guard() {
  hw_revert=$HW_STATE/unconfirmed/$HW_ID
  if [ -z "\${hw_armed:-}" ]; then
    hw_armed=1
    mkdir -p -m 700 -- "$hw_revert" && cp -- "$HW_RUN/script" "$hw_revert/script" && : >"$hw_revert/steps" &&
      hw_revert_at_boot || return 1
  fi
  hw_arm || return 1
  exec 8>"$HW_VOLATILE/revert-$HW_ID"; flock 8
  # What the timer has undone by now must not be changed again without it.
  [ -e "$hw_revert/steps" ] || return 1
  # With its whole file system: what was recorded must be there after a power cut too.
  printf '%s\n' "$1" >>"$hw_revert/steps" && sync -f "$hw_revert"
}

# hw_arm: gives the timer its full time from now.
hw_arm() {
  if systemctl is-active --quiet -- "hostwright-revert-$HW_ID.timer"; then
    systemctl restart -- "hostwright-revert-$HW_ID.timer"
  else
    systemd-run --quiet --collect --unit="hostwright-revert-$HW_ID" --on-active="$HW_CONFIRM_SECONDS" --timer-property=AccuracySec=500ms \
      /bin/sh "$HW_STATE/unconfirmed/$HW_ID/script" revert timer </dev/null 9>&-
  fi
}

# The last run that nobody confirmed is undone first. It must not keep the machine from starting, whatever hangs.
hw_revert_at_boot() {
  cat >/etc/systemd/system/hostwright-revert.service <<'HW_UNIT' || return 1
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
TimeoutStartSec=90
ExecStart=/bin/sh -c 'for f in $$(ls -r /var/lib/hostwright/unconfirmed); do f=/var/lib/hostwright/unconfirmed/$$f/script; [ ! -e "$$f" ] || /bin/sh "$$f" revert boot; done'

[Install]
WantedBy=sysinit.target
HW_UNIT
  mkdir -p /etc/systemd/system/sysinit.target.wants &&
    ln -sf ../hostwright-revert.service /etc/systemd/system/sysinit.target.wants/hostwright-revert.service &&
    sync -f /etc/systemd/system
}

# hw_confirm: lets the guarded services read their configuration, then waits for a fresh connection to say that it got in.
hw_confirm() {
  hw_revert=$HW_STATE/unconfirmed/$HW_ID
  if [ -z "\${hw_armed:-}" ]; then hw_confirmed; return 0; fi
  # Only what these steps owe: a service that is at fault for other reasons may be mended by a later step.
  hw_deliver \${hw_owed:-} || hw_abandon
  # What manages the network does what it was told only after it has said that it is ready: a connection that is made
  # before that proves nothing.
  case \${hw_owed:-} in *:systemd-networkd* | *:networking* | *:NetworkManager* | *:systemd-resolved*) sleep 2 ;; esac
  # A late word about an earlier change of this run says nothing about this one.
  rm -f -- "$HW_VOLATILE/confirmed-$HW_ID"
  hw_arm || hw_abandon
  hw_event confirm "$HW_CONFIRM_SECONDS"
  hw_tenths=$(( (HW_CONFIRM_SECONDS + 20) * 10 ))
  while [ -e "$hw_revert/steps" ]; do
    if [ -e "$HW_VOLATILE/confirmed-$HW_ID" ]; then
      exec 8>"$HW_VOLATILE/revert-$HW_ID"; flock 8
      # The timer may have been first after all.
      [ -e "$hw_revert/steps" ] || break
      if hw_commit; then exec 8>&-; hw_event confirmed; return 0; fi
      exec 8>&-
      hw_go_back 'The confirmation could not be written to the disk.'
      hw_finish 1
    fi
    sleep 0.1
    hw_tenths=$((hw_tenths - 1))
    # Something has stopped the timer: it should have been here long ago.
    [ "$hw_tenths" -gt 0 ] || hw_revert_all failure
  done
  hw_say_reverted "No new connection got through within $HW_CONFIRM_SECONDS seconds."
  hw_finish 1
}
hw_confirmed() { for hw_n in \${hw_guarded:-}; do "hw_do_\${hw_n}_remember"; done; hw_guarded=; }

# hw_commit: from one moment to the next, by a rename, nothing is to be undone any more and all of it to be remembered;
# whoever comes after a power cut finishes that. Holds lock 8.
hw_commit() {
  printf '%s\n' \${hw_guarded:-} >"$hw_revert/guarded" && sync -f "$hw_revert" && mv -fT -- "$hw_revert/steps" "$hw_revert/kept" &&
    sync -f "$hw_revert"
  hw_settle_kept
}
# hw_settle_kept: true when the changes were confirmed and only had to be remembered.
hw_settle_kept() {
  [ -e "$hw_revert/kept" ] || return 1
  hw_guarded=$(cat -- "$hw_revert/guarded")
  hw_confirmed
  sync -- "$HW_STATE/remembered"
  hw_disarm
}
hw_disarm() {
  hw_armed=; hw_owed=
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
  exec 8>"$HW_VOLATILE/revert-$HW_ID"
  if [ "$1" = timer ]; then
    # A change that hangs, on a name server that it has cut off itself, say, must not keep the host from going back.
    flock -w 10 8 || { systemctl kill --signal=KILL "hostwright-run-$HW_ID.service"; flock 8; }
  else
    flock 8
    # Nor must it think that we hang.
    [ "$1" = boot ] || systemctl stop "hostwright-revert-$HW_ID.timer" "hostwright-revert-$HW_ID.service" 2>/dev/null
  fi
  if [ ! -e "$hw_revert/steps" ]; then hw_settle_kept || :; return 0; fi
  # While the machine boots, waiting for a job that is queued behind us would wait for ever.
  if [ "$1" = boot ]; then systemctl() { command systemctl --no-block "$@"; }; fi
  hw_owed=
  for hw_n in $(tac "$hw_revert/steps"); do
    HW_BEFORE=$HW_RUN/before/$hw_n
    [ -e "$HW_BEFORE/recorded" ] || continue
    (set -e; "hw_do_\${hw_n}_undo") >"$HW_RUN/undo.log" 2>&1 </dev/null 8>&- 9>&-
    if [ $? != 0 ]; then
      [ -s "$HW_RUN/undo.log" ] || echo 'no reason was given' >"$HW_RUN/undo.log"
      tail -n 3 -- "$HW_RUN/undo.log" >>"$HW_RUN/not-undone"
    else "hw_do_\${hw_n}_undone"; hw_not_underway "$hw_n"; fi
    cat -- "$HW_RUN/undo.log" >>"$HW_RUN/output"; rm -f -- "$HW_RUN/undo.log"
    "hw_do_\${hw_n}_owes"
  done
  if [ "$1" = boot ]; then
    rm -f -- "$HW_STATE"/pending/*
    hw_say_reverted 'The machine was restarted before a new connection had confirmed the change.'
  else
    systemctl daemon-reload
    hw_deliver \${hw_owed:-}
  fi
  hw_disarm
}

# hw_say_reverted REASON: what could not be undone is said as well.
hw_say_reverted() {
  hw_reason=$1
  [ ! -e "$HW_RUN/not-undone" ] || hw_reason="$hw_reason But not everything could be undone: $(cat -- "$HW_RUN/not-undone")"
  hw_event reverted "$(hw_text "$hw_reason")"
}

# hw_go_back REASON: undoes what is not confirmed yet, if there is any.
hw_go_back() {
  [ -n "\${hw_armed:-}" ] || return 0
  hw_revert_all failure
  hw_say_reverted "$1"
}

hw_abandon() {
  hw_go_back 'A step failed before the change could be confirmed.'
  hw_finish 1
}
`.replaceAll('\\${', '${'),
);
