import { type Shell, sh } from '../../quote.ts';

/** Seconds that one name may take. */
const PATIENCE = 5;

/** Shell that notes in `$hw_resolving` which of these names or addresses the host can look up now. */
export function noteResolving(names: readonly string[]): Shell {
  return sh`hw_resolving=
for hw_name in ${names}; do
  timeout ${PATIENCE} getent hosts "$hw_name" >/dev/null 2>&1 && hw_resolving="$hw_resolving $hw_name"
done`;
}

/**
 * Shell that gives up with `otherwise` when a name that was noted cannot be looked up any more. What a cache still knows
 * proves nothing, so it is emptied first.
 */
export function proveResolving(otherwise: Shell): Shell {
  return sh`for hw_name in $hw_resolving; do
  hw_tries=3
  while :; do
    if systemctl is-active --quiet systemd-resolved.service; then resolvectl flush-caches 2>/dev/null || :; fi
    if systemctl is-active --quiet nscd.service; then nscd --invalidate=hosts 2>/dev/null || :; fi
    timeout ${PATIENCE} getent hosts "$hw_name" >/dev/null 2>&1 && break
    hw_tries=$((hw_tries - 1))
    [ "$hw_tries" -gt 0 ] || { ${otherwise}; }
    sleep 1
  done
done`;
}
