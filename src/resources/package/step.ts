import { joinShell, type Shell, sh } from '../../quote.ts';
import type { Step } from '../kind.ts';
import { slot } from '../shared/slot.ts';
import { apt } from './apt.ts';
import { holdServices } from './hold.ts';
import type { PackageState } from './parse.ts';

interface Item {
  readonly spec: { readonly name: string };
  readonly state: PackageState;
}

/** One apt call for all of them. */
export function packageStep(items: readonly Item[]): Step {
  const names = items.map(({ spec }) => spec.name);
  const before = slot('package', names.join(' '));
  const unknown = items.some(({ state }) => state.status === 'absent' && state.candidate === undefined);
  return {
    converged: sh`${notInstalled(names)}
[ -z "$hw_missing" ]`,
    // Another version than the plan's, or one installed meanwhile, is what the plan is after as well.
    unmoved: sh`:`,
    record: sh`${listInstalled()} >${before}.packages && apt-mark showmanual | LC_ALL=C sort >${before}.manual`,
    change: sh`umask 022
${apt}
${holdServices}
(
  hw_log=$(mktemp -d) || exit 1
  hw_hold || hw_fail "Services could not be kept from starting before they are configured: see above"
  trap 'hw_release; rm -rf -- "$hw_log"' EXIT
  trap 'exit 143' HUP INT TERM
  hw_repair
  if ${unknown ? sh`true` : sh`hw_lists_are_old`}; then hw_update; fi
  hw_install ${names}
) || exit 1
${listInstalled()} >${before}.after`,
    undo: undo(names, before),
    remember: 'installed',
  };
}

/**
 * Shell that sets `hw_status` to a line for each package that dpkg knows (name, state, version) and `hw_missing` to the
 * names, divided by blanks, that are not wholly installed. One process; names of packages hold nothing special.
 */
export function notInstalled(names: readonly string[]): Shell {
  return sh`hw_status=$(dpkg-query -W -f='\${Package}\t\${db:Status-Abbrev}\t\${Version}\n' -- ${names} 2>/dev/null) || :
hw_missing=
for hw_name in ${names}; do
  case "
$hw_status" in
  *"
$hw_name	"?[itW]' '*) ;;
  *) hw_missing="$hw_missing $hw_name" ;;
  esac
done`;
}

/** Names of the packages that are installed, sorted. */
function listInstalled(): Shell {
  return sh`dpkg-query -W -f='\${db:Status-Abbrev}\${binary:Package}\n' | sed -n 's/^.[itW] //p' | LC_ALL=C sort`;
}

/**
 * Removes what this call of apt added, and keeps the settings and the data. Where something that came later needs it,
 * it stays and is said.
 */
function undo(names: readonly string[], before: Shell): Shell {
  return sh`umask 022
${apt}
[ -s ${before}.packages ] || exit 0
[ -s ${before}.after ] || ${listInstalled()} >${before}.after
hw_added=$(LC_ALL=C comm -13 ${before}.packages ${before}.after)
hw_log=$(mktemp -d) || exit 1
if [ -n "$hw_added" ]; then
  LC_ALL=C apt-get -s remove -- $hw_added 2>/dev/null | sed -n 's/^Remv \([^ ]*\).*/\1/p' | LC_ALL=C sort >"$hw_log/would"
  printf '%s\n' $hw_added | sed 's/:.*//' | LC_ALL=C sort >"$hw_log/may"
  sed -i 's/:.*//' "$hw_log/would"
  hw_more=$(LC_ALL=C comm -23 "$hw_log/would" "$hw_log/may" | tr '\n' ' ')
  if [ -n "$hw_more" ]; then
    printf '%s\n' "Kept, because what came later needs it ($hw_more): " $hw_added
  else
    hw_apt remove -- $hw_added || hw_explain
  fi
fi
${joinShell(
  names.map(
    (name) => sh`if grep -qxF -e ${name} ${before}.packages && ! grep -qxF -e ${name} ${before}.manual; then
  apt-mark auto -- ${name} >/dev/null || exit 1
fi`,
  ),
)}
rm -rf -- "$hw_log"`;
}
