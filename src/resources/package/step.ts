import { type Shell, sh } from '../../quote.ts';
import type { Step } from '../kind.ts';
import { dropStaleLocks } from '../shared/account-files.ts';
import { apt } from './apt.ts';
import { holdServices } from './hold.ts';
import { noting } from './note.ts';
import type { PackageState } from './parse.ts';
import type { Simulation } from './simulation.ts';
import { undoing } from './undo.ts';

interface Item {
  readonly spec: { readonly name: string };
  readonly state: PackageState;
}

/** One apt call for all of them. */
export function packageStep(items: readonly Item[]): Step {
  const names = items.map(({ spec }) => spec.name);
  const unknown = items.some(({ state }) => state.status === 'absent' && state.candidate === undefined);
  const foreseen = items.flatMap(({ state }) => foreseenBy(state))[0];
  const needed = Math.ceil(foreseen?.needed ?? 0);
  return {
    converged: sh`${notInstalled(names)}
[ -z "$hw_missing" ]`,
    // Another version than the plan's, or one installed meanwhile, is what the plan is after as well.
    unmoved: sh`:`,
    record: sh`${noting}
hw_note_before`,
    change: sh`umask 022
${apt}
${holdServices}
(
  hw_log=$(mktemp -d) || exit 1
  hw_hold || hw_fail "Services could not be kept from starting before they are configured: see above"
  trap 'hw_release; rm -rf -- "$hw_log"' EXIT
  trap 'exit 143' HUP INT TERM
  hw_updated= hw_planned=${foreseen?.upgrades.map(({ name }) => name).join(' ') ?? ''}
  hw_repair
  if ${unknown ? sh`true` : sh`hw_lists_are_old`}; then hw_update; fi
  if [ -n "$hw_updated" ] || ${foreseen ? sh`false` : sh`true`}; then hw_foresee ${names}; else hw_room ${needed}; fi
  hw_install ${names}
) || exit 1`,
    after: sh`${holdServices}
hw_release
${dropStaleLocks}
${noting}
hw_note_after`,
    undo: undoing(names),
    remember: 'installed',
  };
}

function foreseenBy(state: PackageState): readonly Simulation[] {
  const simulation = state.status === 'installed' ? undefined : state.together?.answer.simulation;
  return simulation ? [simulation] : [];
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
