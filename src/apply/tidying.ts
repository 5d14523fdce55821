import { Shell } from '../quote.ts';

/**
 * The part of a run's script that makes good what a run left that did not end by itself: one that was killed, or that a
 * power cut has ended. It belongs to `runner.ts`, whose functions it uses.
 */
export const tidying = new Shell(
  String.raw`
# hw_tidy: ends in the journal the run that a power cut has ended, and drops uploads that never became a run.
hw_tidy() {
  hw_other=$(cat "$HW_STATE/current" 2>/dev/null)
  if [ -n "$hw_other" ] && [ -d "$HW_STATE/runs/$hw_other" ]; then
    /bin/sh "$HW_STATE/runs/$hw_other/script" ended locked </dev/null >>"$HW_RUN/output" 2>&1 9>&-
    rm -rf -- "$HW_STATE/runs/$hw_other/blobs"
  fi
  rm -f -- "$HW_STATE/current"
  hw_drop_transient
  find "$HW_STATE/runs" -mindepth 1 -maxdepth 1 -type d -mtime +7 ! -exec test -e '{}/owner' \; -exec rm -rf -- '{}' +
  # A line that was cut short must not swallow the next one.
  [ -z "$(tail -c 1 -- "$HW_STATE/remembered" 2>/dev/null)" ] || echo >>"$HW_STATE/remembered"
}

# hw_drop_transient: takes away what a step that was killed had made only for a moment.
hw_drop_transient() {
  [ -e "$HW_STATE/transient" ] || return 0
  while IFS= read -r hw_path; do
    case \${hw_path##*/} in .hostwright-?*) rm -rf -- "$hw_path" ;; esac
  done <"$HW_STATE/transient"
  rm -f -- "$HW_STATE/transient"
}

# hw_ended [locked]: runs when the unit has stopped, however it stopped; a run that could not say goodbye gets its last
# event here. Nobody listens for a confirmation any more, so what waits for one is undone; while the machine goes down
# that is left to its next start.
hw_ended() {
  case $(tail -n 1 -- "$HW_RUN/events" 2>/dev/null) in
  end*)
    [ -z "$HW_FAREWELL" ] || [ "$(cat "$HW_RUN/status" 2>/dev/null)" != 0 ] || hw_leave
    return 0 ;;
  esac
  rm -f -- "$HW_RUN/reserve"
  [ "$1" = locked ] || { exec 9>>"$HW_STATE/lock"; flock -w 30 9; }
  hw_revert=$HW_STATE/unconfirmed/$HW_ID
  if hw_settle_kept; then :
  elif [ ! -e "$HW_STATE/unconfirmed/$HW_ID/steps" ]; then hw_settle
  elif [ "$(systemctl is-system-running)" != stopping ]; then
    hw_armed=1; hw_go_back 'The run was killed before a new connection had confirmed the change.'
  fi
  hw_drop_transient
  printf 'interrupted\n' >"$HW_RUN/status"
  rm -rf -- "$HW_BLOBS"
  [ "$(cat "$HW_STATE/current" 2>/dev/null)" != "$HW_ID" ] || rm -f -- "$HW_STATE/current"
  hw_event end 137
}

# hw_leave: hostwright leaves this host. What an undo has put aside is the user's and stays; so does all of it when
# somebody has begun anew meanwhile.
hw_leave() {
  exec 9>>"$HW_STATE/lock"
  flock -n 9 && rm -rf -- "$HW_STATE" "$HW_VOLATILE"
}

# hw_settle: remembers the step that was under way if it had been made: else it would pass for somebody else's work. It
# is the last that was recorded, whatever it has said since; after a power cut, what was only said may be lost.
hw_settle() {
  hw_n=$(cd -- "$HW_RUN/before" && ls -d -- */recorded 2>/dev/null | sort -n | tail -n 1)
  hw_n=\${hw_n%/recorded}
  [ -n "$hw_n" ] && [ ! -e "$HW_RUN/undone/$hw_n" ] || return 0
  HW_BEFORE=$HW_RUN/before/$hw_n
  grep -q "^step-ended	$hw_n	" -- "$HW_RUN/events" || hw_after "$hw_n"
  (set -e; "hw_do_\${hw_n}_converged") >/dev/null 2>&1 </dev/null 9>&-
  [ $? != 0 ] || "hw_do_\${hw_n}_remember"
}
`.replaceAll('\\${', '${'),
);
