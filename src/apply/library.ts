import { Shell } from '../quote.ts';

/**
 * Shell functions that every step on the host may use. POSIX sh (Debian's dash), coreutils, util-linux and systemd only.
 *
 * Variables a step finds: `HW_BLOBS` (folder of uploaded content, by sha256), `HW_BEFORE` (folder for what undoing needs),
 * `P` (empty, or the folder in which files are staged for validation), `HW_KEPT` (where an undo puts what was made since).
 */
export const library = new Shell(
  String.raw`
# hw_new_drop_ins UNIT: true when its folder of drop-ins is one that systemd has not seen. It overlooks that itself before 254.
hw_new_drop_ins() {
  [ -d "/etc/systemd/system/$1.d" ] || return 1
  case " $(systemctl show -p DropInPaths --value -- "$1")" in *" /etc/systemd/system/$1.d/"*) return 1 ;; esac
}

# hw_fail TEXT: ends the step with a reason for people.
hw_fail() {
  printf '%s\n' "$1" >&2
  [ -z "\${HW_RUN:-}" ] || printf '%s\n' "$1" >"$HW_RUN/reason"
  exit 1
}

# hw_transient PATH: notes what is about to be made and will not stay; its name begins with .hostwright-. When the step is
# killed meanwhile, whoever tidies up after it takes it away. A link or folder on the way that has been exchanged by
# then leads to no other name.
hw_transient() { [ -z "\${HW_STATE:-}" ] || printf '%s\n' "$1" >>"$HW_STATE/transient"; }

# hw_enter_new FOLDER [NAME]: makes a new folder in FOLDER the current one, its name begins with NAME; for use in a subshell. Who may write to FOLDER can
# rename ours, but can put nothing into it: no name in it is ever a link that somebody has planted, and .. stays what
# they may write to anyway.
hw_enter_new() {
  umask 077
  cd -P -- "\${1:-/}" && hw_new=$(mktemp -u ".hostwright-\${2:-}XXXXXXXXXX") && hw_transient "\${PWD%/}/$hw_new" &&
    mkdir -m 700 -- "$hw_new" && cd -P -- "$hw_new" && [ -O . ] || return 1
  case $(stat -c %a .) in 700 | 2700) ;; *) return 1 ;; esac
}
# hw_leave_new: removes it, if it is empty.
hw_leave_new() { cd -P -- .. && rmdir -- "$hw_new"; }

# hw_put SOURCE DEST MODE OWNER GROUP: puts a copy of SOURCE in the place of DEST, atomically and durably. Both paths
# are absolute. Consumes nothing: SOURCE stays. A link at DEST is replaced, never followed.
hw_put() {
  (
    hw_enter_new "\${2%/*}" || exit 1
    if install -m "$3" -o "$4" -g "$5" -- "$1" new && sync -- new && mv -fT -- new "../\${2##*/}"; then hw_leave_new
    else rm -f -- new; hw_leave_new; exit 1; fi
  )
}

# hw_keep PATH: saves PATH as it is (or that it is absent) for hw_restore; the first save of a run wins.
hw_keep() {
  hw_slot=$HW_BEFORE/$(printf '%s' "$1" | sha256sum | cut -c1-32)
  [ -e "$hw_slot.path" ] && return 0
  if [ -e "$1" ] || [ -L "$1" ]; then
    cp -a --reflink=auto -T -- "$1" "$hw_slot.kept" || return 1
    # What takes its place is on the disk at once: the original has to be there before.
    if [ -f "$hw_slot.kept" ] && [ ! -L "$hw_slot.kept" ]; then sync -- "$hw_slot.kept" || return 1; fi
  fi
  printf '%s' "$1" >"$hw_slot.path"
}

# hw_restore PATH: puts back what hw_keep saved, or removes PATH if it was absent then. What was changed since is saved
# first; a folder that stands there by now goes only while it is empty.
hw_restore() {
  hw_slot=$HW_BEFORE/$(printf '%s' "$1" | sha256sum | cut -c1-32)
  [ -e "$hw_slot.path" ] || return 0
  if [ -d "$1" ] && [ ! -L "$1" ]; then rmdir -- "$1" 2>/dev/null || hw_save "$1" || return 1; fi
  if hw_edited "$1"; then hw_save "$1" || return 1; fi
  if [ -e "$hw_slot.kept" ] || [ -L "$hw_slot.kept" ]; then
    (
      # Its folder may have gone with what else was in it.
      [ -d "\${1%/*}/" ] || mkdir -p -- "\${1%/*}" || exit 1
      hw_enter_new "\${1%/*}" || exit 1
      if cp -a -T -- "$hw_slot.kept" kept && mv -fT -- kept "../\${1##*/}"; then hw_leave_new
      else rm -rf -- kept; hw_leave_new; exit 1; fi
    )
  else
    rm -f -- "$1"
  fi
}

# hw_print PATH: what stands there, in one line, for comparing content.
hw_print() {
  if [ -L "$1" ]; then printf 'link %s\n' "$(readlink -- "$1" | sha256sum | cut -c1-64)"
  elif [ -f "$1" ]; then printf 'file %s\n' "$(sha256sum <"$1" | cut -c1-64)"
  elif [ -e "$1" ]; then printf 'other %s\n' "$(stat -c %F -- "$1")"
  else echo absent; fi
}

# hw_edited PATH: true when what hw_keep has saved was changed by the step, and by somebody else since.
hw_edited() {
  hw_slot=$HW_BEFORE/$(printf '%s' "$1" | sha256sum | cut -c1-32)
  [ -e "$hw_slot.left" ] && [ "$(hw_print "$1")" != "$(cat -- "$hw_slot.left")" ] &&
    [ "$(hw_print "$1")" != "$(hw_print "$hw_slot.kept")" ]
}

# hw_note_left: notes what stands now at every path that hw_keep has saved for the step.
hw_note_left() {
  for hw_noted in "$HW_BEFORE"/*.path "$HW_BEFORE"/*/*.path; do
    [ -e "$hw_noted" ] || continue
    hw_print "$(cat -- "$hw_noted")" >"\${hw_noted%.path}.left" || return 1
  done
}

# hw_save PATH: moves what was made or changed since out of the way of an undo, and tells where it is. Only root can
# read it there. Nothing at PATH: nothing to do. What cannot be moved stays where it is, and the undo ends there.
hw_save() {
  [ -e "$1" ] || [ -L "$1" ] || return 0
  if hw_holds_disk "$1"; then
    printf '%s\n' "$1 is a disk of its own, or holds one: it is neither moved nor emptied. Unmount it, then do this again." >&2
    return 1
  fi
  # The user has said that it need not be kept (--purge-data).
  if [ -n "\${HW_PURGE:-}" ]; then rm -rf --one-file-system -- "$1"; return; fi
  [ -n "\${HW_KEPT:-}" ] || return 1
  (umask 077; mkdir -p -- "$HW_KEPT\${1%/*}") || return 1
  hw_place=$HW_KEPT$1; hw_count=1
  while [ -e "$hw_place" ] || [ -L "$hw_place" ]; do hw_place=$HW_KEPT$1.$hw_count; hw_count=$((hw_count + 1)); done
  # To another file system it is copied: half a copy helps nobody, and a full disk harms all. Only what is on the disk
  # there goes here, or a power cut would leave neither.
  if [ "$(stat -c %d -- "$1")" != "$(stat -c %d -- "$HW_KEPT")" ]; then
    hw_size=$(du -skx -- "$1" | cut -f1); hw_free=$(df --output=avail -k -- "$HW_KEPT" | tail -n 1 | tr -d ' ')
    if [ "\${hw_size:-0}" -gt "$(( \${hw_free:-0} - 16384 ))" ]; then
      printf '%s\n' "$1 takes $((hw_size / 1024)) MB, and $HW_KEPT has $((hw_free / 1024)) MB free: it is not moved there. Move it yourself, then do this again." >&2
      return 1
    fi
    cp -a -T -- "$1" "$hw_place" && sync -f -- "$HW_KEPT" && rm -rf --one-file-system -- "$1" || return 1
  else mv -T -- "$1" "$hw_place" || return 1; fi
  hw_event kept "$(hw_text "$1")" "$(hw_text "$hw_place")"
}

# hw_holds_disk PATH: true when something is mounted there, or below; also what mountpoint(1) cannot see, a folder that
# is mounted on another of the same file system. mountinfo writes blanks and backslashes in octal (proc(5)).
hw_holds_disk() {
  [ -d "$1" ] && [ ! -L "$1" ] || return 1
  hw_top=$(cd -P -- "$1" && pwd -P && echo x) || return 1
  HW_TOP=$(printf '%s' "\${hw_top%?x}" | sed 's/\\/\\134/g; s/ /\\040/g; s/	/\\011/g') \
    awk '$5 == ENVIRON["HW_TOP"] || index($5, ENVIRON["HW_TOP"] "/") == 1 { found = 1; exit } END { exit !found }' /proc/self/mountinfo
}

# hw_stays PATH TEXT: tells that PATH stays where it is, and why.
hw_stays() { hw_event stays "$(hw_text "$1")" "$(hw_text "$2")"; }

# hw_keep_data PATH TEXT: the same of a place that this step has made, for what came later and is in it: that goes if the
# user has said so (--purge-data), save from a disk of its own.
hw_keep_data() {
  if [ -z "\${HW_PURGE:-}" ]; then hw_stays "$1" "$2"
  elif hw_holds_disk "$1"; then hw_stays "$1" 'since it is a disk of its own, or holds one'
  else rm -rf --one-file-system -- "$1"; fi
}

# hw_say TEXT: one line for people while a step is under way.
hw_say() { hw_event note "$(hw_text "$1")"; }

# hw_is_file PATH SHA256 MODE OWNER GROUP: true when PATH is a regular file (no link) with that content and metadata.
hw_is_file() {
  [ -f "$1" ] && [ ! -L "$1" ] && [ "$(stat -c '%a %U %G' -- "$1")" = "$3 $4 $5" ] &&
    [ "$(sha256sum <"$1" | cut -c1-64)" = "$2" ]
}
`.replaceAll('\\${', '${'),
);
