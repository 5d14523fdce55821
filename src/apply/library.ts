import { Shell } from '../quote.ts';

/**
 * Shell functions that every step on the host may use. POSIX sh (Debian's dash), coreutils, util-linux and systemd only.
 *
 * Variables a step finds: `HW_BLOBS` (folder of uploaded content, by sha256), `HW_BEFORE` (folder for what undoing needs),
 * `P` (empty, or the folder in which files are staged for validation).
 */
export const library = new Shell(
  String.raw`
# hw_fail TEXT: ends the step with a reason for people.
hw_fail() {
  printf '%s\n' "$1" >&2
  [ -z "\${HW_RUN:-}" ] || printf '%s\n' "$1" >"$HW_RUN/reason"
  exit 1
}

# hw_put SOURCE DEST MODE OWNER GROUP: puts a copy of SOURCE in the place of DEST, atomically and durably.
# Consumes nothing: SOURCE stays. A link at DEST is replaced, never followed.
hw_put() {
  hw_tmp=$(dirname -- "$2")/.hostwright-$$-$(basename -- "$2" | cut -c1-80)
  rm -f -- "$hw_tmp"
  (umask 077 && cp -- "$1" "$hw_tmp") &&
    chown -- "$4:$5" "$hw_tmp" && chmod -- "$3" "$hw_tmp" && sync -- "$hw_tmp" &&
    mv -fT -- "$hw_tmp" "$2" || { rm -f -- "$hw_tmp"; return 1; }
}

# hw_keep PATH: saves PATH as it is (or that it is absent) for hw_restore; the first save of a run wins.
hw_keep() {
  hw_slot=$HW_BEFORE/$(printf '%s' "$1" | sha256sum | cut -c1-32)
  [ -e "$hw_slot.path" ] && return 0
  if [ -e "$1" ] || [ -L "$1" ]; then cp -a --reflink=auto -T -- "$1" "$hw_slot.kept" || return 1; fi
  printf '%s' "$1" >"$hw_slot.path"
}

# hw_restore PATH: puts back what hw_keep saved, or removes PATH if it was absent then.
hw_restore() {
  hw_slot=$HW_BEFORE/$(printf '%s' "$1" | sha256sum | cut -c1-32)
  [ -e "$hw_slot.path" ] || return 0
  if [ -e "$hw_slot.kept" ] || [ -L "$hw_slot.kept" ]; then
    rm -rf -- "$1.hostwright-restore" &&
      cp -a -T -- "$hw_slot.kept" "$1.hostwright-restore" &&
      if [ -d "$1" ] && [ ! -L "$1" ]; then rm -rf -- "$1"; fi &&
      mv -fT -- "$1.hostwright-restore" "$1"
  else
    rm -rf -- "$1"
  fi
}

# hw_is_file PATH SHA256 MODE OWNER GROUP: true when PATH is a regular file (no link) with that content and metadata.
hw_is_file() {
  [ -f "$1" ] && [ ! -L "$1" ] && [ "$(stat -c '%a %U %G' -- "$1")" = "$3 $4 $5" ] &&
    [ "$(sha256sum <"$1" | cut -c1-64)" = "$2" ]
}
`.replaceAll('\\${', '${'),
);
