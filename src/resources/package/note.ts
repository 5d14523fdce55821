import { sh } from '../../quote.ts';

/**
 * Shell functions that note what stands on the host before packages are installed and after it: packages, marks,
 * accounts, every path with its metadata, and the content of what maintainer scripts change. Paths with a line break in
 * them are noted by their folder. Lines are `what it is<tab>path`, sorted.
 */
export const noting = sh`
hw_nl='
'
# What maintainer scripts change besides /etc, though it belongs to no single package: all small.
hw_state_places() {
  for hw_place in /etc /var/lib/ucf /var/lib/pam /var/lib/apt/extended_states /var/lib/systemd/deb-systemd-helper-* \
    /var/lib/systemd/deb-systemd-user-helper-* /var/lib/systemd/catalog /var/lib/dpkg/alternatives \
    /var/lib/dpkg/diversions* /var/lib/dpkg/statoverride* /var/lib/dpkg/triggers /var/lib/dpkg/status \
    /var/lib/dpkg/status-old /var/lib/xml-core /var/lib/sgml-base /var/lib/emacsen-common /var/lib/dictionaries-common \
    /var/lib/ghostscript /var/lib/python; do
    [ ! -e "$hw_place" ] || printf '%s\n' "$hw_place"
  done
}

# hw_state_find EXPRESSION: without what etckeeper keeps in /etc.
hw_state_find() {
  find $(hw_state_places) -xdev \( -path /etc/.git -o -path /etc/.hg -o -path /etc/.bzr -o -name '.hostwright-*' -o -name "*$hw_nl*" \) \
    -prune -o "$@" 2>/dev/null || :
}

# hw_note_sums FILE: kind, mode, owner and content of the small state.
hw_note_sums() {
  hw_state_find \( -type d -printf 'd%m,%U,%G\t%p\n' -o -type l -printf 'l%U,%G,%l\t%p\n' -o -type f -printf 'f%m,%U,%G\t%p\n' \) >"$1.meta"
  hw_state_find -type f -print0 | { xargs -0 -r sha256sum -z -- 2>/dev/null || :; } | tr '\0' '\n' >"$1.sha"
  awk 'NR == FNR { sum[substr($0, 67)] = substr($0, 1, 64); next }
    { at = index($0, "\t"); path = substr($0, at + 1) }
    /^f/ { if (path in sum) print substr($0, 1, at - 1) "," sum[path] "\t" path; next }
    path ~ /^\// { print }' "$1.sha" "$1.meta" | LC_ALL=C sort >"$1"
  rm -f -- "$1.meta" "$1.sha"
}

# hw_note_paths FILE: every path of the system with type, mode, owner, size and times. Of places that belong to people
# or to other programs, and may be huge, only the upper folders; nothing of what can be fetched or made again.
hw_note_paths() {
  hw_roots=$(findmnt -rno TARGET -t ext2,ext3,ext4,xfs,btrfs,f2fs,zfs,jfs,overlay,bcachefs 2>/dev/null |
    grep -E '^/(etc|usr|var|opt|srv|boot|usr/local|var/(lib|log|cache|spool|www))$' || :)
  find / $hw_roots -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /lost+found \
    -o -path /var/lib/hostwright -o -path /var/backups -o -path /var/tmp -o -path /var/crash -o -path /snap -o -path /nix \
    -o -path '/var/lib/dpkg/info/*' -o -path '/var/lib/apt/*' -o -path '/var/cache/[!b]*' -o -path '/var/log/journal/*' \
    -o -path '/home/*' -o -path '/root/*' -o -path '/mnt/*' -o -path '/media/*' -o -path '/srv/*/*/*' -o -path '/opt/*/*/*' \
    -o -path '/var/www/*/*/*' -o -path '/var/lib/docker/*' -o -path '/var/lib/containerd/*' -o -path '/var/lib/containers/*' \
    -o -path '/var/lib/lxc/*' -o -path '/var/lib/lxd/*' -o -path '/var/lib/libvirt/images/*' -o -path '/var/lib/machines/*' \
    -o -path '/var/lib/snapd/*' -o -path '/var/lib/flatpak/*' -o -path '/var/mail/*' -o -path '/var/spool/*/*/*' \
    -o -path /etc/.git -o -path /etc/.hg -o -path /etc/.bzr -o -name '.hostwright-*' \) -prune \
    -o -name "*$hw_nl*" -prune -printf 'n%s,%T@,%C@\t%h\n' \
    -o -type d -printf 'd%m,%U,%G\t%p\n' \
    -o -printf '%y%m,%U,%G,%s,%T@,%C@\t%p\n' 2>/dev/null | LC_ALL=C sort -u >"$1"
}

# hw_note_packages FILE: name, state (db:Status-Abbrev of dpkg-query(1)) and version of all that dpkg knows.
hw_note_packages() {
  dpkg-query -W -f='\${binary:Package}\t\${db:Status-Abbrev}\t\${Version}\n' | LC_ALL=C sort >"$1"
}

# hw_note_auto FILE: names of packages that were installed because others need them.
hw_note_auto() {
  awk '/^Package: / { name = $2 } /^Auto-Installed: 1/ { print name }' /var/lib/apt/extended_states 2>/dev/null | LC_ALL=C sort -u >"$1"
}

# hw_note FOLDER: all of it.
hw_note() {
  mkdir -p -- "$1" && hw_note_packages "$1/packages" && hw_note_auto "$1/auto" && hw_note_paths "$1/paths" &&
    hw_note_sums "$1/sums" && cut -d: -f1 /etc/passwd | LC_ALL=C sort >"$1/users" &&
    cut -d: -f1 /etc/group | LC_ALL=C sort >"$1/groups"
}

# hw_pack_state FILE [PATHS]: copies of the small state with owners, links and attributes; PATHS: a file of those wanted.
# What changes while it is read is no reason to stop.
hw_pack_state() {
  if [ -n "\${2:-}" ]; then tr '\n' '\0' <"$2"; else hw_state_find -print0; fi | sed -z 's,^/,,' |
    tar --numeric-owner --acls --xattrs --xattrs-include='*' --hard-dereference --no-recursion -C / --null -T - -cf "$1" 2>/dev/null || [ $? = 1 ]
}

# hw_note_before: into "$HW_BEFORE", whatever undoing will need.
hw_note_before() {
  hw_note "$HW_BEFORE/found" && hw_pack_state "$HW_BEFORE/state.tar" && cat /proc/sys/kernel/random/boot_id >"$HW_BEFORE/boot"
}

# hw_boot_time: when this system was started, in seconds since 1970, by the clock of now: systemd's own start by the
# kernel's clock. In a container btime of proc(5) is when the computer was started.
hw_boot_time() {
  hw_up=$(systemctl show -p UserspaceTimestampMonotonic --value)
  hw_at=$(( $(date +%s%2N) - $(hw_now) + \${hw_up:-0} / 10000 ))
  printf '%s.%02d\n' "$((hw_at / 100))" "$((hw_at % 100))"
}

# hw_note_after: what the change left, once. After a restart, what was made since the machine started is nobody's but a person's.
hw_note_after() {
  [ -d "$HW_BEFORE/found" ] && [ ! -e "$HW_BEFORE/left" ] || return 0
  rm -rf -- "$HW_BEFORE/left.new"
  hw_note "$HW_BEFORE/left.new" || return 1
  if [ "$(cat -- "$HW_BEFORE/boot")" != "$(cat /proc/sys/kernel/random/boot_id)" ]; then
    hw_started=$(hw_boot_time)
    awk -F'[,\t]' -v since="$hw_started" '/^d/ || $6 + 0 < since + 0' "$HW_BEFORE/left.new/paths" >"$HW_BEFORE/left.new/old"
    awk 'NR == FNR { old[substr($0, index($0, "\t") + 1)]; next } /^d/ || substr($0, index($0, "\t") + 1) in old' \
      "$HW_BEFORE/left.new/old" "$HW_BEFORE/left.new/sums" >"$HW_BEFORE/left.new/older"
    mv -f -- "$HW_BEFORE/left.new/old" "$HW_BEFORE/left.new/paths"
    mv -f -- "$HW_BEFORE/left.new/older" "$HW_BEFORE/left.new/sums"
  fi
  sync -- "$HW_BEFORE/left.new"/* && mv -T -- "$HW_BEFORE/left.new" "$HW_BEFORE/left" && sync -- "$HW_BEFORE"
}
`;
