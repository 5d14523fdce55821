import type { ExposedEndpoint, PlanNote } from '../compose/recipe.ts';
import type { Difference, Resource, Step } from '../resources/kind.ts';

/** One step from observed to desired. */
export interface Change extends Difference {
  readonly id: string;
  readonly role: string;
  readonly kind: string;
  /** Told when the host was last applied by another version of hostwright. */
  readonly because?: Because;
}

/**
 * What made a change necessary: `you` changed what is declared, the new `version` of hostwright declares it otherwise,
 * or what is declared is the same and the host has changed (`drift`).
 */
export type Because = 'you' | 'version' | 'drift';

/** A change with what makes it. */
export interface PlannedChange {
  readonly change: Change;
  readonly resource: Resource;
  readonly step: Step;
  /** What the host remembers of this resource before the change; absent: hostwright never managed it. */
  readonly remembered?: string;
}

/** Changes that run as one step on the host: one, or several batched or validated together. */
export interface PlannedStep {
  readonly changes: readonly PlannedChange[];
  /** Set when several packages (say) go in one call: the step to run instead of each one's own. */
  readonly batch?: Step;
  /** It takes a step of an earlier run back, so it is not itself taken back later. */
  readonly undoing?: true;
}

/** A reload or restart that an earlier run still owes. */
export interface PendingNotification {
  readonly service: string;
  readonly action: 'reload' | 'restart';
}

/** What was changed by hand and stays so. */
export interface KeptEdit {
  readonly id: string;
  readonly role: string;
  /** `edited by hand`. */
  readonly edit: string;
}

/** The ordered changes. What `plan` prints is what `apply` runs. */
export interface Plan {
  readonly host: string;
  /** What makes the plan; default: `apply`. */
  readonly kind?: 'apply' | 'rollback' | 'remove';
  /** hostwright leaves the host: its own records go at the end of the run. */
  readonly farewell?: true;
  /** Runs that are taken back, the newest first. */
  readonly undoes?: readonly string[];
  readonly changes: readonly Change[];
  readonly steps: readonly PlannedStep[];
  /** Resources that need no change: they are as declared, or as somebody has edited them by hand (`kept`). */
  readonly unchanged: number;
  readonly kept?: readonly KeptEdit[];
  /** The host was last applied from something that this folder lacks: apply stops before anything changes. */
  readonly lacking?: boolean;
  /** Versions of hostwright: of the last apply, and this one. Set when changes have a `because`. */
  readonly upgrade?: { readonly from: string; readonly to: string };
  /** Files that were there before hostwright and would be overwritten or removed. */
  readonly foreignTouched: readonly string[];
  readonly pending: readonly PendingNotification[];
  readonly notes: readonly PlanNote[];
  readonly endpoints: readonly ExposedEndpoint[];
  /** Services of this host, each with the command that proves its configuration before a reload (may be empty). */
  readonly services: Readonly<Record<string, readonly string[]>>;
}
