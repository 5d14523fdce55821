/** What may differ between two manifests of a machine on which nothing was changed, and why. Everything else counts. */

export interface Exclusion {
  /** An absolute path. */
  readonly path: string;
  /** `below`: what lies in the folder, but not the folder itself; `self`: this path and all that lies below it. */
  readonly what: 'self' | 'below';
  readonly why: string;
}

export const EXCLUSIONS: readonly Exclusion[] = [
  { path: '/var/log', what: 'below', why: 'logs: what happened stays written' },
  { path: '/var/cache', what: 'below', why: 'caches are made anew when they are missing' },
  {
    path: '/var/lib/apt/lists',
    what: 'below',
    why: 'package lists: a look at what there is, fetched anew at will',
  },
  { path: '/var/lib/apt/periodic', what: 'below', why: 'when apt last looked by itself' },
  {
    path: '/var/lib/apt/daily_lock',
    what: 'self',
    why: 'a lock that apt’s timer makes when its time has come',
  },
  { path: '/var/lib/apt/extended_states', what: 'self', why: 'compared as marks, since apt sorts it anew' },
  { path: '/var/lib/dpkg/status', what: 'self', why: 'compared as packages with version and state' },
  { path: '/var/lib/dpkg/status-old', what: 'self', why: 'dpkg’s copy of the state before its last call' },
  {
    path: '/var/lib/dpkg/diversions-old',
    what: 'self',
    why: 'dpkg’s copy of the state before its last call',
  },
  {
    path: '/var/lib/dpkg/statoverride-old',
    what: 'self',
    why: 'dpkg’s copy of the state before its last call',
  },
  { path: '/var/lib/dpkg/lock', what: 'self', why: 'an empty lock file, made by the first that locks' },
  {
    path: '/var/lib/dpkg/lock-frontend',
    what: 'self',
    why: 'an empty lock file, made by the first that locks',
  },
  {
    path: '/var/lib/dpkg/triggers/Lock',
    what: 'self',
    why: 'an empty lock file, made by the first that locks',
  },
  { path: '/etc/.pwd.lock', what: 'self', why: 'an empty lock file, made by the first that locks' },
  { path: '/etc/passwd-', what: 'self', why: 'useradd’s copy of the state before its last call' },
  { path: '/etc/group-', what: 'self', why: 'useradd’s copy of the state before its last call' },
  { path: '/etc/shadow-', what: 'self', why: 'useradd’s copy of the state before its last call' },
  { path: '/etc/gshadow-', what: 'self', why: 'useradd’s copy of the state before its last call' },
  { path: '/etc/subuid-', what: 'self', why: 'useradd’s copy of the state before its last call' },
  { path: '/etc/subgid-', what: 'self', why: 'useradd’s copy of the state before its last call' },
  { path: '/var/lib/systemd/random-seed', what: 'self', why: 'written anew at every shutdown' },
  { path: '/var/lib/systemd/timers', what: 'below', why: 'when each timer last ran' },
  { path: '/var/lib/systemd/timesync', what: 'below', why: 'the time when the clock was last set' },
  { path: '/var/lib/systemd/network', what: 'below', why: 'the lease of the network’s address' },
  { path: '/var/lib/systemd/coredump', what: 'below', why: 'reports of crashes, like logs' },
  { path: '/var/tmp', what: 'below', why: 'temporary files' },
  { path: '/etc/.updated', what: 'self', why: 'when systemd last looked whether /usr was changed' },
  { path: '/var/.updated', what: 'self', why: 'when systemd last looked whether /usr was changed' },
  { path: '/var/lib/hostwright', what: 'self', why: 'hostwright’s own journal' },
  { path: '/var/backups', what: 'self', why: 'what was kept instead of lost, and Debian’s daily copies' },
];

/** Kernel settings below /proc/sys/net whose presence or value nobody sets. */
export const SYSCTL_EXCLUSIONS: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  {
    pattern: /^net\/netfilter\/nf_conntrack/,
    why: 'there once connections are tracked, with counters in it',
  },
  { pattern: /^net\/nf_conntrack_max$/, why: 'there once connections are tracked' },
  {
    pattern: /^net\/ipv[46]\/neigh\/|^net\/ipv[46]\/conf\/(?!all\/|default\/)/,
    why: 'of single interfaces, which come and go',
  },
  { pattern: /^net\/ipv6\/conf\/[^/]+\/stable_secret$/, why: 'cannot be read before it is set' },
  {
    pattern: /^net\/ipv4\/tcp_(?:fastopen_key|max_tw_buckets|mem|max_orphans)$|^net\/ipv4\/(?:udp|ip)_?mem$/,
    why: 'chosen by the kernel',
  },
];

/** Units whose state says what time it is, or who is logged in. */
export const UNIT_EXCLUSIONS: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  { pattern: /^(?:session-|user@|user-\d|user-runtime-dir@)/, why: 'somebody is logged in' },
  { pattern: /^(?:run-|hostwright-run-)/, why: 'transient: a command that runs just now' },
  {
    pattern:
      /^(?:apt-daily|apt-daily-upgrade|dpkg-db-backup|e2scrub_all|fstrim|systemd-tmpfiles-clean|man-db|logrotate|phpsessionclean)\.service$/,
    why: 'its timer starts it',
  },
  {
    pattern: /^systemd-networkd-wait-online\.service$/,
    why: 'has run once for whoever first waited for the network',
  },
  {
    pattern: /^systemd-(?:hostnamed|timedated|localed)\.(?:service|socket)$/,
    why: 'started by a question, ends by itself',
  },
  { pattern: /^ssh@|^systemd-fsck/, why: 'a connection, or a boot' },
  {
    pattern:
      /^(?:ldconfig|systemd-(?:sysusers|journal-catalog-update|hwdb-update|update-done|firstboot|machine-id-commit))\.service$/,
    why: 'runs at the first start after /usr was changed',
  },
];

/** Whether a path does not count. */
export function isExcluded(path: string, exclusions: readonly Exclusion[] = EXCLUSIONS): boolean {
  return exclusions.some(
    (exclusion) =>
      path.startsWith(`${exclusion.path}/`) || (exclusion.what === 'self' && path === exclusion.path),
  );
}
