import type { OwnedResource } from '../compose/collect.ts';
import type { Because, Plan, PlannedChange } from './plan.ts';
import { folderDigest, specDigest, specDigests } from './spec-digest.ts';

/** What was applied last, by another version of hostwright. */
export interface AppliedBefore {
  readonly from: string;
  readonly to: string;
  /** Of what that version declared, by resource id; see {@link specDigest}. */
  readonly specs: ReadonlyMap<string, string>;
  /**
   * What this version makes of the host file that was applied then, on the host as it is now; undefined when it cannot
   * read it.
   */
  readonly earlier: readonly OwnedResource[] | undefined;
}

/** Says of each change whether the user, the new version or something on the host made it necessary. Pure. */
export function attribute(plan: Plan, before: AppliedBefore): Plan {
  const earlier = before.earlier && specDigests(before.earlier);
  const because = new Map(
    plan.steps
      .flatMap(({ changes }) => changes)
      .map((planned) => [planned.change.id, reasonOf(planned, before.specs, earlier)]),
  );
  return {
    ...plan,
    upgrade: { from: before.from, to: before.to },
    changes: plan.changes.map((change) => ({ ...change, because: because.get(change.id) ?? 'you' })),
  };
}

function reasonOf(
  { resource, step, remembered }: PlannedChange,
  specs: AppliedBefore['specs'],
  earlier: ReadonlyMap<string, string> | undefined,
): Because {
  const now = specDigest(resource.spec);
  const applied = specs.get(resource.id);
  // Declared then as it is now: if it was ever put in place, the host is what has changed.
  if (applied === now) return remembered === undefined ? 'you' : 'drift';
  if (earlier?.get(resource.id) !== now) return 'you';
  if (applied !== undefined) return folderDigest(applied) === folderDigest(now) ? 'version' : 'you';
  // Not declared then. With `--only` what was declared was not all, but what is in place is remembered.
  return remembered !== undefined && remembered === step.remember ? 'drift' : 'version';
}
