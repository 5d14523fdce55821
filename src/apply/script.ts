import { STATE_DIRECTORY } from '../connect/program.ts';
import { UserError } from '../errors.ts';
import { RECORD_FORMAT } from '../facts/read-facts.ts';
import { allKinds } from '../observe/observe.ts';
import type { Plan, PlannedStep } from '../plan/plan.ts';
import { joinShell, Shell, sh } from '../quote.ts';
import type { Blob, Step, Validation } from '../resources/kind.ts';
import { guard } from './guard.ts';
import { library } from './library.ts';
import { prune } from './prune.ts';
import { runner } from './runner.ts';
import { tidying } from './tidying.ts';

/** Seconds in which a fresh connection has to confirm a change that could cut the way in. */
export const CONFIRM_SECONDS = 30;

export interface RunIdentity {
  readonly id: string;
  /** Who runs it, from where, with which hostwright: one line for people. */
  readonly owner: string;
  /** Files for the state directory on the host. */
  readonly stateFiles?: readonly StateFile[];
}

/** A file that a run puts into the state directory of the host, once it holds the lock. Root only. */
export interface StateFile {
  /** Below the state directory: `applied/host.yaml`. */
  readonly path: string;
  readonly blob: Blob;
}

export interface RunScript {
  readonly script: Shell;
  readonly blobs: readonly Blob[];
}

/** The whole run as one script and the content it needs. Pure. */
export function runScript(plan: Plan, { id, owner, stateFiles = [] }: RunIdentity): RunScript {
  const parts = plan.steps.map((step, index) => stepFunctions(step, index));
  const calls = plan.steps.flatMap((step, index) => {
    const guarded = isGuarded(step);
    const next = plan.steps[index + 1];
    const call = sh`hw_step ${index} ${guarded ? sh`guarded` : sh`plain`}`;
    return guarded && !(next && isGuarded(next)) ? [call, sh`hw_confirm`] : [call];
  });
  const validations = Object.entries(plan.services).filter(([, command]) => command.length > 0);
  const script = sh`HW_ID=${id}
HW_OWNER=${owner}
HW_FORMAT=${RECORD_FORMAT}
HW_CONFIRM_SECONDS=${CONFIRM_SECONDS}
HW_FAREWELL=${plan.farewell ? 'yes' : ''}
${library}
${runner}
${tidying}
${guard}
${prune}
${joinShell(parts)}
hw_validate() {
  case $1 in
${joinShell(validations.map(([service, command]) => sh`  ${service}) ${command} ;;`))}
  *) : ;;
  esac
}
hw_state_files() {
HW_BEFORE=$HW_RUN/state; mkdir -p -m 700 -- "$HW_BEFORE"
${joinShell(stateFiles.map(stateFile))}
}
hw_state_back() {
HW_BEFORE=$HW_RUN/state
${joinShell(stateFiles.map(({ path }) => sh`hw_restore ${`${STATE_DIRECTORY}/${path}`}`))}
}
hw_steps() {
:
${joinShell(calls)}
}
hw_last() {
:
${joinShell(allKinds().flatMap(({ finish }) => (finish ? [finish] : [])))}
}
hw_entry "$@"
`;
  const blobs = new Map(
    plan.steps
      .flatMap((step) => (step.batch ? [step.batch] : step.changes.map((item) => item.step)))
      .flatMap((step) => step.blobs ?? [])
      .concat(stateFiles.map(({ blob }) => blob))
      .map((blob) => [blob.name ?? blob.sha256, blob]),
  );
  return { script, blobs: [...blobs.values()] };
}

function stateFile({ path, blob }: StateFile): Shell {
  const place = `${STATE_DIRECTORY}/${path}`;
  return sh`mkdir -p -m 700 -- ${place.slice(0, place.lastIndexOf('/'))}
hw_keep ${place}
hw_put "$HW_BLOBS"/${blob.name ?? blob.sha256} ${place} 0600 root root`;
}

function isGuarded({ changes }: PlannedStep): boolean {
  return changes[0]?.resource.guarded ?? false;
}

function stepFunctions(planned: PlannedStep, index: number): Shell {
  const resources = planned.changes.map(({ resource }) => resource);
  const steps = planned.batch ? [planned.batch] : planned.changes.map(({ step }) => step);
  const validate = resources[0]?.validate;
  if (isGuarded(planned) && steps.some(({ undo }) => undo === undefined)) {
    const id = resources.map((resource) => resource.id).join(', ');
    throw new UserError({
      message: `${id} is guarded, but its kind cannot be undone: this recipe cannot work.`,
    });
  }
  const owed = resources
    .flatMap(({ notify }) => notify)
    .map(({ action, service }) => sh`hw_owe ${action} ${service} || return 1`);
  const memory = planned.changes.flatMap(({ resource, step }) =>
    step.remember === undefined ? [] : [sh`hw_remember ${resource.id} ${step.remember}`],
  );
  const name = new Shell(`hw_do_${index}`);
  const parts = steps.map(
    ({ record, undo }, part) => sh`${name}_record_${part}() {
${record}
}
${name}_undo_${part}() {
${undo ?? sh`:`}
}`,
  );
  return sh`${joinShell(parts)}
${name}_converged() {
${each(steps, ({ converged }) => converged)}
}
${name}_unmoved() {
${each(steps, ({ unmoved }) => unmoved)}
}
${name}_record() {
${each(steps, (_, part) => sh`${name}_record_${part}`)}
}
${name}_change() {
${validate ? staged(steps, validate, index) : each(steps, ({ change }) => change)}
}
${name}_after() {
${each(steps, ({ after }) => after ?? sh`:`)}
}
${name}_undo() {
${undoing(steps, name)}
}
${name}_ids() {
printf '%s\n' ${resources.map(({ id }) => id)}
}
${name}_undone() {
mkdir -p -m 700 -- "$HW_RUN/undone"
${name}_ids >>"$HW_RUN/undone/"${index}
}
${name}_owes() {
:
${joinShell(owed)}
}
${name}_remember() {
:
${joinShell(memory)}
}`;
}

/** Each part in a subshell of its own, with a folder of its own for what undoing needs. */
function each(steps: readonly Step[], part: (step: Step, index: number) => Shell): Shell {
  return joinShell(
    steps.map(
      (step, index) => sh`(
HW_BEFORE=$HW_BEFORE/${index}; mkdir -p -m 700 -- "$HW_BEFORE"
${part(step, index)}
)`,
    ),
  );
}

/** The last first. One that cannot be undone does not keep the others from it. */
function undoing(steps: readonly Step[], name: Shell): Shell {
  const parts = steps.map(
    (_, index) => sh`(
set -e
HW_BEFORE=$HW_BEFORE/${index}
${name}_undo_${index}
)
[ $? = 0 ] || hw_left=1`,
  );
  return sh`set +e
hw_left=0
${joinShell(parts.reverse())}
[ "$hw_left" = 0 ]`;
}

/**
 * A set of config files: written into a copy first, judged by their own program, which sees the copy in the place of the
 * original (a private mount namespace, unshare(1)), and only then put in place.
 */
function staged(steps: readonly Step[], { root, command }: Validation, index: number): Shell {
  const changes = each(steps, ({ change }) => change);
  return sh`hw_stage=$HW_RUN/stage-${index}
rm -rf -- "$hw_stage"
mkdir -p -m 755 -- "$hw_stage"${root}
cp -a -T -- ${root} "$hw_stage"${root}
P=$hw_stage
${changes}
unshare --mount --propagation private sh -c 'mount --bind -- "$1" "$2" && shift 2 && exec "$@"' sh "$hw_stage"${root} ${root} ${command}
rm -rf -- "$hw_stage"
P=
set +e
(
set -e
${changes}
)
hw_placed=$?
set -e
# Half a set is none: what was put in place already goes back.
[ "$hw_placed" = 0 ] || { ${new Shell(`hw_do_${index}_undo`)}; exit 1; }`;
}
