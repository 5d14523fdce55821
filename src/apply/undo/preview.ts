import type { PlanNote } from '../../compose/recipe.ts';
import { STATE_DIRECTORY } from '../../connect/program.ts';
import type { Change, Plan, PlannedStep } from '../../plan/plan.ts';
import { textDiff } from '../../plan/text-diff.ts';
import { joinShell, type Shell, sh } from '../../quote.ts';
import { parseRemovals, removalSimulation } from '../../resources/package/simulate.ts';
import { library } from '../library.ts';
import { noted } from './changes.ts';

/** Contents up to this size are fetched to show a diff. Bytes. */
const SHOWN_CONTENT = 65_536;

/** A step of a run of which something is to be taken back, in the order of the plan. */
export interface Place {
  readonly run: string;
  readonly step: number;
  readonly part: number;
}

/** What stands at a path, or would stand there again. Null: too large to show, or not for everybody to read. */
type Content = Buffer | null | undefined;

interface Slot {
  /** Index of the place. */
  readonly place: number;
  readonly path: string;
  /** Fingerprints: of what the step left (`-`: not noted), of what is there, and of what comes back. */
  readonly left: string;
  readonly found: string;
  readonly original: string;
  readonly kept: Content;
  readonly present: Content;
}

/**
 * Shell that prints, for the files that undoing would put back, what they are now and what they would be again. Of a
 * file that not everybody may read only that it is there: it may hold a secret, and a plan is shown around.
 */
export function readPreview(places: readonly Place[], packages: readonly string[]): Shell {
  return sh`${library}
hw_content() {
  if [ ! -e "$1" ] && [ ! -L "$1" ]; then printf absent
  elif [ ! -f "$1" ] || [ -L "$1" ] || [ "$(stat -c %s -- "$1")" -gt ${SHOWN_CONTENT} ]; then printf hidden
  else case $(stat -c %a -- "$1") in *[4567]) printf '=%s' "$(base64 -w0 <"$1")" ;; *) printf hidden ;; esac; fi
}
hw_place() {
  for hw_noted in "$2"/*.path; do
    [ -e "$hw_noted" ] || continue
    hw_slot=\${hw_noted%.path}; hw_path=$(cat -- "$hw_noted"); hw_left=-
    [ ! -e "$hw_slot.left" ] || hw_left=$(cat -- "$hw_slot.left")
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$hw_left" "$(hw_print "$hw_path")" "$(hw_print "$hw_slot.kept")" "$(hw_content "$hw_slot.kept")" "$(hw_content "$hw_path")" "$(printf '%s' "$hw_path" | base64 -w0)"
  done
}
${joinShell(places.map(({ run, step, part }, index) => sh`hw_place ${index} ${`${STATE_DIRECTORY}/runs/${run}/before/${step}/${part}`}`))}
${packages.length > 0 ? removalSimulation(packages) : sh`:`}`;
}

/** Adds to a plan that takes steps back what their files would become, and which were edited since. Pure. */
export function withPreview(plan: Plan, places: readonly Place[], output: Buffer): Plan {
  const text = output.toString('utf8');
  const slots = text.split('\n').flatMap((line): Slot[] => slotOf(line.split('\t')));
  const now = new Map<string, Content>();
  const diffs = places.map((_, index) =>
    slots
      .filter(({ place }) => place === index)
      .map(({ path, kept, present }) => {
        const before = now.has(path) ? now.get(path) : present;
        now.set(path, kept);
        return fileDiff(before, kept);
      })
      .filter((diff) => diff !== ''),
  );
  const steps = plan.steps.map((step, index) => withDiff(step, diffs[index] ?? []));
  const edited = editedPaths(slots);
  return {
    ...plan,
    steps,
    changes: steps.flatMap(({ changes }) => changes.map(({ change }) => change)),
    notes: [
      ...plan.notes,
      ...needed(text, packagesOf(plan)),
      ...edited.map((path) =>
        noted(`${path} was changed since by somebody else: that is put aside, not lost.`, 'warning'),
      ),
    ],
  };
}

/** The packages that a plan takes away. */
export function packagesOf({ steps }: Plan): readonly string[] {
  return steps
    .filter(({ undoing }) => undoing)
    .flatMap(({ changes }) => changes.map(({ change }) => change))
    .flatMap(({ kind, id, action }) =>
      kind === 'package' && action === 'remove' ? [id.slice('package:'.length)] : [],
    );
}

/** What apt would have to remove as well: it came later, so what it needs stays. */
function needed(output: string, packages: readonly string[]): readonly PlanNote[] {
  const others = parseRemovals(output, packages);
  if (others.length === 0) return [];
  return [
    noted(
      `${others.join(', ')} came later and cannot do without them: packages that are needed stay.`,
      'warning',
    ),
  ];
}

/** What was changed since by somebody else: an older step finds what the newer ones have put back by then. */
function editedPaths(slots: readonly Slot[]): readonly string[] {
  const now = new Map<string, string>();
  const edited = slots.filter(({ path, left, found, original }) => {
    const before = now.get(path) ?? found;
    now.set(path, original);
    return left !== '-' && !['absent', left, original].includes(before);
  });
  return [...new Set(edited.map(({ path }) => path))];
}

function slotOf(fields: readonly string[]): Slot[] {
  const [place = '', left = '', found = '', original = '', kept = '', present = '', path] = fields;
  if (path === undefined) return [];
  const about = {
    place: Number(place),
    path: Buffer.from(path, 'base64').toString('utf8'),
    ...{ left, found, original },
  };
  return [{ ...about, kept: contentOf(kept), present: contentOf(present) }];
}

function contentOf(field: string): Content {
  if (field === 'absent') return undefined;
  return field.startsWith('=') ? Buffer.from(field.slice(1), 'base64') : null;
}

function fileDiff(before: Content, after: Content): string {
  if (before === null || after === null) return '';
  return textDiff(before, after ?? Buffer.alloc(0));
}

/** Only where it is plain which file of the resource it is about. */
function withDiff(step: PlannedStep, [diff, ...more]: readonly string[]): PlannedStep {
  if (diff === undefined || more.length > 0 || step.changes.length !== 1) return step;
  const changes = step.changes.map((planned) => ({
    ...planned,
    change: { ...planned.change, diff } as Change,
  }));
  return { ...step, changes };
}
