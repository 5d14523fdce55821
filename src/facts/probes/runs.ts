import { STATE_DIRECTORY } from '../../connect/program.ts';
import { sh } from '../../quote.ts';
import { defineFact } from '../probe.ts';

/** What hostwright left on the host: whether a run is going on, and which format its records have. */
export interface Runs {
  /** Format of the records in the state directory; 0 when hostwright never ran here. */
  readonly format: number;
  /** The run that is going on right now. */
  readonly active?: { readonly id: string; readonly owner: string };
  /** The last run that ended, with its exit status. */
  readonly last?: { readonly id: string; readonly owner: string; readonly status: string };
  /** Room where runs are recorded; absent when it could not be read. */
  readonly room?: Room;
  /** Folders that a run writes to and that are on a file system that cannot be written. */
  readonly readOnly?: readonly string[];
  /** Seconds since 1970 by the host's clock. */
  readonly clock?: number;
  /** systemctl(1) is-system-running: `running`, `degraded`, `starting`, `stopping`, `maintenance`… */
  readonly system?: string;
}

/** What is free on a file system, for programs that may not use root's reserve. */
export interface Room {
  readonly bytes: number;
  /** Undefined on file systems that have no fixed number of them (btrfs). */
  readonly inodes?: number;
}

export const fact = defineFact<Runs>({
  script: sh`d=${STATE_DIRECTORY}; [ -d "$d" ] || d=\${d%/*}
stat -f -c 'room %a %S %d %c' -- "$d" 2>/dev/null
for f in "$d" /etc; do [ -w "$f" ] || printf 'readonly %s\n' "$f"; done
printf 'clock %s\n' "$(date +%s)"
printf 'system %s\n' "$(systemctl is-system-running 2>/dev/null)"
cd ${STATE_DIRECTORY} 2>/dev/null || exit 0
printf 'format %s\n' "$(cat format 2>/dev/null)"
for which in current last; do
  id=$(cat "$which" 2>/dev/null) || continue
  [ -n "$id" ] && [ -d "runs/$id" ] || continue
  if [ "$which" = current ]; then systemctl is-active --quiet "hostwright-run-$id" || continue; fi
  printf '%s %s %s\n' "$which" "$id" "$(cat "runs/$id/status" 2>/dev/null)"
  printf 'owner %s\n' "$(cat "runs/$id/owner" 2>/dev/null)"
done`,
  parse(output) {
    const lines = output.split('\n');
    const format = Number(/^format (\d+)$/m.exec(output)?.[1] ?? 0);
    const entry = (label: string) => {
      const at = lines.findIndex((line) => line.startsWith(`${label} `));
      if (at < 0) return undefined;
      const [, id = '', status = ''] = (lines[at] ?? '').split(' ');
      return { id, status, owner: (lines[at + 1] ?? '').replace(/^owner /, '') };
    };
    const active = entry('current');
    const last = entry('last');
    return {
      format,
      ...(active ? { active: { id: active.id, owner: active.owner } } : {}),
      ...(last ? { last } : {}),
      ...surroundings(output),
    };
  },
});

/** What else a run needs to know of the host. */
function surroundings(output: string): Pick<Runs, 'room' | 'readOnly' | 'clock' | 'system'> {
  const room = /^room (\d+) (\d+) (\d+) (\d+)$/m.exec(output);
  const [blocks = 0, size = 0, inodes = 0, all = 0] = (room ?? []).slice(1).map(Number);
  const readOnly = [...output.matchAll(/^readonly (\S+)$/gm)].map(([, folder = '']) => folder);
  const clock = /^clock (\d+)$/m.exec(output)?.[1];
  const system = /^system ([a-z]+)$/m.exec(output)?.[1];
  return {
    ...(room ? { room: { bytes: blocks * size, ...(all > 0 ? { inodes } : {}) } } : {}),
    ...(readOnly.length > 0 ? { readOnly } : {}),
    ...(clock === undefined ? {} : { clock: Number(clock) }),
    ...(system === undefined ? {} : { system }),
  };
}
