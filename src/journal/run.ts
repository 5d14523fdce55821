import type { Origin } from '../apply/journal.ts';

/** How a run stands. `rolled back`: it was done, or partly, and a later run has taken it back. */
export type RunStatus =
  | 'done'
  | 'failed'
  | 'stopped'
  | 'interrupted'
  | 'going on'
  | 'refused'
  | 'rolled back';

/** One run as the host's records have it. Every text comes from the host: make it plain before printing. */
export interface JournalRun {
  readonly id: string;
  readonly kind: string;
  readonly status: RunStatus;
  /** Name of the host in its host file. */
  readonly host?: string;
  /** Who, in one line. */
  readonly owner: string;
  /** The same in parts; absent for runs of hostwright 0.1. */
  readonly by?: Partial<Origin>;
  /** The address that the host saw it come from. */
  readonly client?: string;
  /** The one role that it was about. */
  readonly only?: string;
  /** By the host's clock, ISO 8601. */
  readonly started: string;
  readonly ended?: string;
  readonly seconds?: number;
  /** Changes that were planned. */
  readonly changes?: number;
  /** The run that took it back. */
  readonly undoneBy?: string;
  /** What taking it back would need is not kept any more. */
  readonly pruned: boolean;
  /** Seconds that the host's clock was ahead of the other computer's; only when they were far apart. */
  readonly clockOff?: number;
}

/** The journal of a host, newest first. */
export interface Journal {
  readonly runs: readonly JournalRun[];
  /** Runs that the host knows of; `runs` may be fewer. */
  readonly total: number;
  /** The oldest run that can still be rolled back to, with everything since. */
  readonly reach?: { readonly run: string; readonly started: string };
}

/** What became of a planned change. */
export type ChangeOutcome =
  | 'changed'
  | 'unchanged'
  | 'failed'
  | 'not reached'
  | 'undone'
  /** The host undid it at once, since nobody confirmed it. */
  | 'reverted'
  | 'under way'
  | 'unknown';

export interface JournalChange {
  readonly id: string;
  readonly role: string;
  readonly kind: string;
  readonly action: string;
  readonly summary: string;
  readonly outcome: ChangeOutcome;
  readonly seconds?: number;
  /** Only when it failed. */
  readonly reason?: string;
  readonly output?: string;
}

/** What stood at a path. */
export interface Standing {
  /** As stat(1) says it: `regular file`, `symbolic link`, `absent`. */
  readonly type: string;
  readonly mode?: string;
  readonly owner?: string;
  readonly group?: string;
  /** Bytes. */
  readonly size?: number;
  /** Where a link points. */
  readonly target?: string;
}

/** What a run did to one path. */
export interface PathChange {
  readonly path: string;
  readonly before: Standing;
  readonly after: Standing;
  /** Where `after` is known from: the record of a later run, or what stands there now. */
  readonly seenBy: string | 'now';
  /** Somebody has changed it since by other means: the difference is not this run's alone. */
  readonly editedSince: boolean;
  /** Unified diff; absent when nothing differs in content, or `withheld` says why it is not shown. */
  readonly diff?: string;
  readonly withheld?: string;
}

/** One run with everything that is known of it. */
export interface JournalDetail {
  readonly run: JournalRun;
  readonly changes: readonly JournalChange[];
  readonly paths: readonly PathChange[];
  /** What the run said besides: undone at once, left behind, services told. Oldest first. */
  readonly notes: readonly string[];
  /** Records of paths that were left out of `paths` because there are too many. */
  readonly morePaths: number;
}
