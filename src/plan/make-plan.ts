import { isDeepStrictEqual } from 'node:util';
import type { Composition } from '../compose/compose.ts';
import type { PlanNote } from '../compose/recipe.ts';
import { kindOf, type Observations } from '../observe/observe.ts';
import type { Choice, DiffContext, Resource } from '../resources/kind.ts';
import type { KeptEdit, Plan, PlannedChange, PlannedStep } from './plan.ts';

/** What the user said about single resources. */
export interface Decisions {
  /** Ids of what may be taken over. */
  readonly adopt: readonly string[];
  /** What happens to hand edits, by id; it counts more than `onConflict`. */
  readonly choices?: ReadonlyMap<string, Choice>;
}

export interface PlanOptions extends Decisions {
  readonly onConflict: 'stop' | 'keep' | 'take';
  /** Set when only one role is planned: what else hostwright manages is then no news. */
  readonly only?: string;
}

/** Composition × observations → ordered changes. Pure. */
export function makePlan(
  host: string,
  { resources, endpoints, notes }: Composition,
  { states, remembered, underway, pending }: Observations,
  { adopt, onConflict, choices, only }: PlanOptions,
): Plan {
  const items: PlannedChange[] = [];
  const kept: KeptEdit[] = [];
  const allNotes: PlanNote[] = [...notes];
  let unchanged = 0;
  for (const { role, resource } of resources) {
    const kind = kindOf(resource.kind);
    const state = states.get(resource.id);
    const last = remembered.get(resource.id);
    const choice = choices?.get(resource.id) ?? (onConflict === 'stop' ? undefined : onConflict);
    const context: DiffContext = {
      // The run that was interrupted there had the user's word, and has kept what was there before.
      adopted: adopt.includes(resource.id) || (last === undefined && underway.has(resource.id)),
      ...(last === undefined ? {} : { remembered: last }),
      ...(choice === undefined ? {} : { choice }),
    };
    for (const text of kind.notes?.(resource.spec, state, context) ?? [])
      allNotes.push({ role, level: 'info', text });
    const difference = kind.diff(resource.spec, state, context);
    const stays = difference?.conflict === 'edited' && choice === 'keep';
    const edit = stays ? 'edited by hand' : kind.drift?.(resource.spec, state, context);
    if (edit !== undefined) kept.push({ id: resource.id, role, edit });
    if (!difference || stays) {
      unchanged += 1;
      continue;
    }
    const { conflict, ...rest } = difference;
    const settled = conflict === 'edited' && choice === 'take';
    items.push({
      change: {
        id: resource.id,
        role,
        kind: resource.kind,
        ...rest,
        ...(conflict && !settled ? { conflict } : {}),
      },
      // No service has to learn of what only hostwright notes.
      resource: difference.settles ? { ...resource, notify: [] } : resource,
      step: kind.step(resource.spec, state, context),
      ...(last === undefined ? {} : { remembered: last }),
    });
  }
  for (const id of adopt) {
    if (states.has(id)) continue;
    const text = `--adopt ${id}: the host file declares nothing of that name.`;
    allNotes.push({ role: '', level: 'warning', text });
  }
  if (only === undefined) allNotes.push(...leftBehind(resources, remembered));
  return {
    host,
    changes: items.map(({ change }) => change),
    steps: group(items, states),
    unchanged,
    kept,
    foreignTouched: items.filter(({ change }) => change.touchesForeign).map(({ change }) => change.id),
    pending,
    notes: allNotes,
    endpoints,
    services: servicesOf(resources),
  };
}

/** The services among resources, each with the command that proves its configuration. */
export function servicesOf(resources: Composition['resources']): Plan['services'] {
  return Object.fromEntries(
    resources
      .filter(({ resource }) => resource.kind === 'service')
      .map(({ resource }) => resource.spec)
      .filter(isService)
      .map(({ name, validate }) => [name, validate ?? []]),
  );
}

/** What earlier host files declared and this one does not: it stays, and a person should know. */
function leftBehind(
  resources: Composition['resources'],
  remembered: Observations['remembered'],
): readonly PlanNote[] {
  const declared = new Set(resources.map(({ resource }) => resource.id));
  const left = [...remembered]
    .filter(([id, value]) => !declared.has(id) && value !== 'absent')
    .map(([id]) => id);
  if (left.length === 0) return [];
  const some = left.slice(0, 5).join(', ');
  const more = left.length > 5 ? ` and ${left.length - 5} more` : '';
  return [
    {
      role: '',
      level: 'info',
      text: `No longer in the host file, and left as they are: ${some}${more}. \`hostwright remove ROLE\` takes off what is left of a role.`,
    },
  ];
}

/** Adjacent changes that go in one call, or are proven together, become one step. */
function group(
  items: readonly PlannedChange[],
  states: ReadonlyMap<string, unknown>,
): readonly PlannedStep[] {
  const steps: PlannedChange[][] = [];
  for (const item of items) {
    const group = steps.at(-1);
    if (group?.[0] && belongs(group[0].resource, item.resource)) group.push(item);
    else steps.push([item]);
  }
  return steps.map((changes) => {
    const first = changes[0];
    const kind = first && kindOf(first.resource.kind);
    if (!first || changes.length === 1 || first.resource.validate || !kind?.batch) return { changes };
    const batch = kind.batch(
      changes.map(({ resource }) => ({ spec: resource.spec, state: states.get(resource.id) })),
    );
    return { changes, batch };
  });
}

function belongs(first: Resource, next: Resource): boolean {
  if (first.guarded !== next.guarded) return false;
  if (first.validate || next.validate) return isDeepStrictEqual(first.validate, next.validate);
  return first.kind === next.kind && kindOf(first.kind).batch !== undefined;
}

function isService(spec: unknown): spec is { name: string; validate?: readonly string[] } {
  return typeof spec === 'object' && spec !== null && 'name' in spec;
}
