import { Shell } from '../quote.ts';

/** Where everything of ours lives on the host; root only. */
export const STATE_DIRECTORY = '/var/lib/hostwright';

/** Where an undo puts what was made or changed since: it is the user's, so it is not among what is ours. Root only. */
export const KEPT_DIRECTORY = '/var/backups/hostwright';

/** Volatile state: gone after a reboot, as it should be. */
export const RUNTIME_DIRECTORY = '/run/hostwright';

/**
 * The program that sits at the other end of the channel for a whole session. It reads one request a line:
 *
 * - `read LENGTH NONCE`, then LENGTH bytes of shell: runs them without writing anything anywhere;
 * - `run ID LENGTH BLOBS NONCE`, then a script, then for each blob `NAME SIZE` and SIZE bytes: stores them in the run's
 *   folder, starts the script as a transient unit and follows its events;
 * - `attach ID NONCE`: follows the events of a run that is going on.
 *
 * A run that has ended without its last event is said to be `lost`, with the bytes that are free on its file system.
 *
 * Each answer ends with a line `NONCE end STATUS`, so that a missing one is never taken for success. The script of a
 * run survives the loss of this channel: systemd owns it, and its events go to a file that is only tailed here.
 * `head -c` takes exactly that many bytes off a pipe, and the `read` of sh never reads past the newline.
 */
export const program = new Shell(
  String.raw`
LC_ALL=C; export LC_ALL; PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
unset CDPATH ENV BASH_ENV; umask 077; cd /
hw_state=${STATE_DIRECTORY}
# hw_lives UNIT: whether it still runs, or what comes after it does.
hw_lives() { case $(systemctl is-active -- "$1" 2>/dev/null) in active | activating | deactivating | reloading) ;; *) return 1 ;; esac; }
hw_follow() {
  hw_events=$hw_state/runs/$1/events
  hw_there=no; if [ -e "$hw_events" ]; then hw_there=yes; fi
  # A run that can write no more, on a full disk, says no last word: it is followed only while there is somebody to say it.
  while hw_lives "hostwright-run-$1.service" && kill -0 "$$"; do sleep 1; done </dev/null >/dev/null 2>&1 &
  hw_watch=$!
  # Where tail cannot use inotify it looks again and again: each second would be far too seldom.
  tail -n +1 -s 0.05 --pid="$hw_watch" -f -- "$hw_events" 2>/dev/null | sed -u '/^end	/q'
  kill "$hw_watch" 2>/dev/null
  # The last run of all takes its records with it once it has said its last word.
  case $(tail -n 1 -- "$hw_events" 2>/dev/null) in
  end*) ;;
  *) [ "$hw_there" = yes ] && [ ! -e "$hw_events" ] || printf '\nlost\t%s\n' "$(df --output=avail -B1 -- "$hw_state" 2>/dev/null | tail -n 1 | tr -d ' ')" ;;
  esac
}
hw_receive() {
  hw_dir=$hw_state/runs/$1
  mkdir -p -m 700 -- "$hw_state" "$hw_state/runs" || return 1
  mkdir -m 700 -- "$hw_dir" "$hw_dir/blobs" "$hw_dir/before" || return 1
  head -c "$2" >"$hw_dir/script" || return 1
  [ "$(stat -c %s -- "$hw_dir/script")" = "$2" ] || return 1
  hw_left=$3
  while [ "$hw_left" -gt 0 ]; do
    IFS=' ' read -r hw_name hw_size || return 1
    head -c "$hw_size" >"$hw_dir/blobs/$hw_name" || return 1
    [ "$(stat -c %s -- "$hw_dir/blobs/$hw_name")" = "$hw_size" ] || return 1
    hw_left=$((hw_left - 1))
  done
  : >"$hw_dir/events"
}
hw_start() {
  systemd-run --quiet --collect --unit="hostwright-run-$1" --description="hostwright run $1" \
    --property=StandardOutput=append:"$hw_state/runs/$1/output" --property=StandardError=append:"$hw_state/runs/$1/output" \
    --property=ExecStopPost="/bin/sh $hw_state/runs/$1/script ended" \
    /bin/sh "$hw_state/runs/$1/script" run </dev/null
}
while IFS=' ' read -r hw_verb hw_a hw_b hw_c hw_d; do
  case $hw_verb in
  read)
    hw_script=$(head -c "$hw_a")
    (eval "$hw_script") </dev/null
    printf '\n%s end %s\n' "$hw_b" "$?" ;;
  run)
    hw_status=0
    hw_receive "$hw_a" "$hw_b" "$hw_c" || { echo 'The upload did not arrive whole.' >&2; hw_status=74; }
    [ "$hw_status" != 0 ] || hw_start "$hw_a" || hw_status=$?
    if [ "$hw_status" = 0 ]; then hw_follow "$hw_a"; else rm -rf -- "$hw_state/runs/$hw_a"; fi
    printf '\n%s end %s\n' "$hw_d" "$hw_status" 
    [ "$hw_status" = 0 ] || exit 1 ;;
  attach)
    hw_follow "$hw_a"
    printf '\n%s end %s\n' "$hw_b" "$?" ;;
  *) echo 'This is not a request.' >&2; exit 2 ;;
  esac
done
`,
);
