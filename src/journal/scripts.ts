import { STATE_DIRECTORY } from '../connect/program.ts';
import { Shell, sh } from '../quote.ts';

/** Bytes of each file that are read at most; a host must not be able to fill our memory. */
const LIMITS = { plan: 1_048_576, resources: 262_144, events: 1_048_576 } as const;

/** Paths of one run whose difference is computed. */
const PATHS = 200;

/** Bytes: of one file's content that is shown, and of all. */
const CONTENT = 65_536;
const ALL_CONTENT = 2_097_152;

/**
 * Reads the journal without writing anything. Lines are fields divided by tabs; whatever the host holds is in base64, so
 * that no content can be taken for a line. Runs are in the order in which they began by the host's clock, newest first.
 */
const common = new Shell(
  String.raw`
cd ${STATE_DIRECTORY}/runs 2>/dev/null || exit 0
hw_tab='	'
hw_current=$(head -c 100 ../current 2>/dev/null)
[ -z "$hw_current" ] || systemctl is-active --quiet "hostwright-run-$hw_current" || hw_current=
hw_order=$(stat --printf '%Y %n\n' -- */owner 2>/dev/null | sed 's,/owner$,,' | grep -E '^[0-9]+ [0-9A-Za-z.-]+$' |
  sort -k1,1nr -k2,2r)
hw_file() { head -c "$2" -- "$1" 2>/dev/null | base64 -w0; }
# hw_run BEGAN ID: the line of one run.
hw_run() {
  hw_status=; [ ! -f "$2/status" ] || read -r hw_status <"$2/status"
  case $hw_status in '' | *[!0-9a-z]*) hw_status=- ;; esac
  [ "$2" != "$hw_current" ] || hw_status=active
  hw_ended=-; [ ! -e "$2/status" ] || hw_ended=$(stat -c %Y -- "$2/status")
  hw_pruned=whole; [ ! -e "$2/pruned" ] || hw_pruned=pruned
  hw_said=$({
    head -c 1000 -- "$2/owner"; printf '\0'; head -c 8000 -- "$2/owner.json"; printf '\0'; head -c 100 -- "$2/undone-by"
  } 2>/dev/null | base64 -w0)
  printf 'run\t%s\t%s\t%s\t%s\t%s\t%s\n' "$2" "$1" "$hw_ended" "$hw_status" "$hw_pruned" "$hw_said"
}
`.replaceAll('\\${', '${'),
);

/** The newest `limit` runs, how many there are, and how far back a rollback reaches. */
export function listScript(limit: number): Shell {
  return sh`${common}
hw_left=${limit}; hw_total=0; hw_reach=; hw_whole=1
hw_others=$(grep -lE '"kind":"(rollback|remove)"' -- */owner.json 2>/dev/null)
while read -r hw_began hw_id; do
  [ -n "$hw_id" ] || continue
  hw_total=$((hw_total + 1))
  [ "$hw_total" -gt "$hw_left" ] || hw_run "$hw_began" "$hw_id"
  [ ! -e "$hw_id/pruned" ] || [ -e "$hw_id/undone-by" ] || hw_whole=0
  [ "$hw_whole" = 1 ] && [ ! -e "$hw_id/undone-by" ] || continue
  case "$hw_others" in *"$hw_id/owner.json"*) ;; *) hw_reach="$hw_id$hw_tab$hw_began" ;; esac
done <<HW_ORDER
$hw_order
HW_ORDER
printf 'total\t%s\n' "$hw_total"
[ -z "$hw_reach" ] || printf 'reach\t%s\n' "$hw_reach"`;
}

/**
 * Everything about the run whose id begins with `wanted` (`last`: the newest), or the ids that do when there are several.
 */
export function showScript(wanted: string): Shell {
  return sh`${common}
hw_wanted=${wanted}
hw_ids=$(printf '%s\n' "$hw_order" | cut -d' ' -f2)
if [ "$hw_wanted" = last ]; then hw_found=$(printf '%s\n' "$hw_ids" | head -n 1)
else hw_found=$(printf '%s\n' "$hw_ids" | while read -r hw_id; do
  case $hw_id in "$hw_wanted") printf '=%s\n' "$hw_id" ;; "$hw_wanted"*) printf '%s\n' "$hw_id" ;; esac
done)
case $hw_found in *=*) hw_found=$hw_wanted ;; esac; fi
case $hw_found in
'') exit 0 ;;
*"
"*) printf '%s\n' "$hw_found" | head -n 10 | sed 's/^/match\t/'; exit 0 ;;
esac
${SHOW}`;
}

const SHOW = new Shell(
  String.raw`
hw_id=$hw_found
hw_run "$(printf '%s\n' "$hw_order" | awk -v id="$hw_id" '$2 == id { print $1 }')" "$hw_id"
printf 'plan\t%s\n' "$(hw_file "$hw_id/plan.json" ${LIMITS.plan})"
printf 'resources\t%s\n' "$(hw_file "$hw_id/resources" ${LIMITS.resources})"
printf 'events\t%s\n' "$(hw_file "$hw_id/events" ${LIMITS.events})"
for hw_undone in "$hw_id"/undone/*; do
  [ ! -f "$hw_undone" ] || printf 'undone\t%s\t%s\n' "$(printf '%s' "\${hw_undone##*/}" | base64 -w0)" "$(hw_file "$hw_undone" 65536)"
done

# hw_look FILE: what stands there, as stat(1) says it.
hw_look() {
  if [ -e "$1" ] || [ -L "$1" ]; then stat --printf '%F\t%a\t%U\t%G\t%s' -- "$1"; else printf absent; fi
  if [ -L "$1" ]; then printf '\t'; readlink -n -- "$1"; fi
}
# hw_odd FILE: whether something stands there that is no regular file.
hw_odd() { if [ -L "$1" ]; then return 0; elif [ -e "$1" ]; then [ ! -f "$1" ]; else return 1; fi; }
# hw_open FILE: whether everybody may read what stands there.
hw_open() {
  [ -e "$1" ] || return 0
  case $(stat -c %a -- "$1") in *[4567]) ;; *) return 1 ;; esac
}
# hw_reached FOLDER: whether everybody may go there.
hw_reached() {
  [ "$1" = "\${hw_folder:-}" ] || {
    hw_folder=$1; hw_way=0
    ! setpriv --reuid=65534 --regid=65534 --clear-groups -- test -x "$1" 2>/dev/null || hw_way=1
  }
  [ "$hw_way" = 1 ]
}
hw_size() { if [ -f "$1" ]; then stat -c %s -- "$1"; else echo 0; fi; }

# Each path that this run saved, with the next record of the same path: of a later step, or of a later run.
hw_pairs=$(find . -mindepth 5 -maxdepth 5 -path './*/before/*/*/*.path' -printf '%P\n' | {
  printf '%s\n' "$hw_order" | sed 's/^[0-9]* /=/'; cat
} | awk -F/ -v own="$hw_id" '
  /^=/ { place[substr($0, 2)] = NR; next }
  !($1 in place) { next }
  { n = ++count[$5]; run[$5, n] = place[$1]; step[$5, n] = $3; file[$5, n] = $0 }
  $1 == own { mine[++own_count] = $0 }
  END {
    for (i = 1; i <= own_count; i++) {
      split(mine[i], part, "/"); hash = part[5]; best = 0
      for (n = 1; n <= count[hash]; n++) {
        if (run[hash, n] > place[own] || (run[hash, n] == place[own] && step[hash, n] + 0 <= part[3] + 0)) continue
        if (!best || run[hash, n] > run[hash, best] || (run[hash, n] == run[hash, best] && step[hash, n] + 0 < step[hash, best] + 0)) best = n
      }
      print part[3] " " mine[i] " " (best ? file[hash, best] : "-")
    }
  }' | sort -n -k1,1 -s)
hw_budget=${ALL_CONTENT}; hw_number=0
while read -r hw_step hw_mine hw_next; do
  [ -n "$hw_next" ] || continue
  hw_number=$((hw_number + 1)); [ "$hw_number" -le ${PATHS} ] || continue
  hw_path=$(head -c 4200 -- "$hw_mine"; echo x); hw_path=\${hw_path%x}
  hw_before=\${hw_mine%.path}.kept; hw_edited=0
  if [ "$hw_next" = - ]; then
    hw_after=$hw_path; hw_by=now
    if [ -f "\${hw_mine%.path}.left" ]; then
      read -r hw_kind hw_sum <"\${hw_mine%.path}.left"
      if [ -L "$hw_after" ]; then hw_now="link $(readlink -- "$hw_after" | sha256sum | cut -c1-64)"
      elif [ -f "$hw_after" ]; then hw_now="file $(sha256sum <"$hw_after" | cut -c1-64)"
      elif [ -e "$hw_after" ]; then hw_now="$hw_kind $hw_sum"
      else hw_now='absent '; fi
      [ "$hw_now" = "$hw_kind $hw_sum" ] || hw_edited=1
    fi
  else hw_after=\${hw_next%.path}.kept; hw_by=\${hw_next%%/*}; fi
  hw_content=secret; hw_was=-; hw_is=-
  # An undo records nothing: what this run left is gone with it.
  if [ "$hw_edited" = 1 ] && [ -e "$hw_id/undone/$hw_step" ]; then hw_content=undone; hw_edited=0
  elif hw_odd "$hw_before" || hw_odd "$hw_after"; then hw_content=none
  elif hw_reached "\${hw_path%/*}/" && hw_open "$hw_before" && hw_open "$hw_after"; then
    hw_bytes=$(( $(hw_size "$hw_before") + $(hw_size "$hw_after") ))
    if [ "$hw_bytes" -gt ${CONTENT} ] || [ "$hw_bytes" -gt "$hw_budget" ]; then hw_content=large
    else
      hw_content=shown; hw_budget=$((hw_budget - hw_bytes))
      hw_was=$(hw_file "$hw_before" ${CONTENT}); hw_is=$(hw_file "$hw_after" ${CONTENT})
    fi
  fi
  printf 'path\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$(printf '%s' "$hw_path" | base64 -w0)" "$hw_by" "$hw_edited" "$hw_content" \
    "$(hw_look "$hw_before" | base64 -w0)" "$(hw_look "$hw_after" | base64 -w0)" "$hw_was" "$hw_is"
done <<HW_PAIRS
$hw_pairs
HW_PAIRS
printf 'paths\t%s\n' "$hw_number"
`.replaceAll('\\${', '${'),
);
