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
}

export const fact = defineFact<Runs>({
  script: sh`cd ${STATE_DIRECTORY} 2>/dev/null || exit 0
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
    };
  },
});
