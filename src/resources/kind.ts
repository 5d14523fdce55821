import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { Shell } from '../quote.ts';

/** Bytes that a step needs on the host. They travel as a binary stream and are never wholly in memory. */
export interface Blob {
  /** Hex SHA-256 of the bytes. */
  readonly sha256: string;
  /** Name under which a step finds them, `"$HW_BLOBS"/<name>`; default: `sha256`. A step that moves its blobs away needs names of its own. */
  readonly name?: string;
  /** Bytes. */
  readonly size: number;
  /** Set when the content is made of a secret: that secret's `planMark`, which stands for the content where plans are compared. */
  readonly secret?: string;
  open(): Readable;
}

/** What has to happen to a service once something it reads has changed. */
export interface Notification {
  /** Name of a systemd unit that a `service` resource of this host manages, without `.service`. */
  readonly service: string;
  readonly action: 'reload' | 'restart';
}

/** How a set of config files is proven before any of it is put in place. */
export interface Validation {
  /** Directory whose copy receives the new files: `/etc/nginx`. */
  readonly root: string;
  /** Program that judges them; it sees the copy in the place of `root` (a private mount namespace). */
  readonly command: readonly string[];
}

/** One piece of state, declared by a recipe. Made by {@link Kind.of}. */
export interface Resource {
  readonly kind: string;
  /** `kind:key`, stable across runs: `file:/etc/nginx/conf.d/blog.conf`. */
  readonly id: string;
  readonly spec: unknown;
  /** Sent when this resource really changed on the host. */
  readonly notify: readonly Notification[];
  /** Adjacent changes with the same validation are staged, proven and put in place together. */
  readonly validate?: Validation;
  /** A wrong value here could cut the way in: the host undoes it by itself unless a new connection confirms. */
  readonly guarded: boolean;
}

/** What differs between declared and observed, for people and for the plan. */
export interface Difference {
  readonly action: 'create' | 'update' | 'remove' | 'run';
  /** One line: `upload 3 files, remove 1`. */
  readonly summary: string;
  /** Unified diff or the like, for `plan`. No secrets. */
  readonly diff?: string;
  /** Why this change needs the user's word. `adopt`: it was there before hostwright; `edited`: ours, changed by hand since. */
  readonly conflict?: 'adopt' | 'edited';
  /** Set when something that existed before hostwright is overwritten or removed. */
  readonly touchesForeign?: boolean;
  /** Both sides of a conflict between markers, for editing; absent where there is no text to edit. */
  readonly marked?: string;
  /** Nothing but hostwright's own records changes: the user keeps an edit, and is not asked about it again. */
  readonly settles?: true;
  /** One line: what a rollback of this change does not bring back. */
  readonly irreversible?: string;
}

/** What the user wants done about an edit made by hand that is in the way: an answer, or the text that it should be. */
export type Choice = 'keep' | 'take' | { readonly text: string };

/** What runs on the host for one change. Every part is POSIX sh and may use the functions of `src/apply/library.ts`. */
export interface Step {
  /** Exit 0 when the host is as desired. Asked before (then nothing is done) and after (else the step has failed). */
  readonly converged: Shell;
  /** Exit 0 when the host still is as the plan saw it; else the plan is stale and the run stops. */
  readonly unmoved: Shell;
  /** Saves into the directory `"$HW_BEFORE"` whatever undoing this step will need. */
  readonly record: Shell;
  /** Makes the change. Paths below a validated root are written as `"$P"/path`, so that they can be staged. */
  readonly change: Shell;
  /**
   * Notes in `"$HW_BEFORE"` what the change left, so that undoing can tell it from what was done since. Runs after the
   * change, whether it succeeded or not, and once more when a run that was interrupted is tidied up. What `hw_keep` has
   * saved is noted without it.
   */
  readonly after?: Shell;
  /**
   * Undoes the change from `"$HW_BEFORE"`: when a guarded change is not confirmed, for `rollback` and for `remove`. It
   * may find the change made, half made or undone already, and loses nothing that was done since (`hw_save`). Of a
   * batch only what `"$HW_ONLY"` names, if that is set. Absent: what the change did cannot be undone.
   */
  readonly undo?: Shell;
  readonly blobs?: readonly Blob[];
  /**
   * One line that the host keeps for this resource once the step has succeeded; `DiffContext.remembered` next time. As shell: a
   * word that the host makes, of what no script should hold.
   */
  readonly remember?: string | Shell;
}

/** What a kind is told about the host besides the observation. */
export interface DiffContext {
  /** What hostwright last wrote for this resource (`hw_remember`), absent if it never managed it. */
  readonly remembered?: string;
  /** The user said `--adopt ID` for this resource. */
  readonly adopted: boolean;
  /** What the user said about edits made by hand; absent: nothing yet. */
  readonly choice?: Choice;
}

/** A resource kind: one file in `src/resources/`, named after the kind. */
export interface Kind<Spec, State> {
  readonly name: string;
  readonly schema: z.ZodType<Spec>;
  /** The part of the id after the colon. */
  key(spec: Spec): string;
  /** One script that reads all of them in as few processes as possible. It only reads. */
  observe(specs: readonly Spec[]): Shell;
  /** Pure. One state for each spec, in the order given. Throws `HostError` on output it does not understand. */
  parse(output: Buffer, specs: readonly Spec[]): readonly State[];
  /** Pure. Undefined when nothing differs. */
  diff(spec: Spec, state: State, context: DiffContext): Difference | undefined;
  /** Pure. Without a context it is what the user has agreed to that counts. */
  step(spec: Spec, state: State, context?: DiffContext): Step;
  /** Adjacent changes of this kind as one step (several packages, one apt call). */
  batch?(items: readonly { readonly spec: Spec; readonly state: State }[]): Step;
  /** Runs on the host at the end of every run that succeeded, once services have read their configuration. */
  readonly finish?: Shell;
  /** Pure. What was changed by hand and stays so, on one line, where nothing is to be done: `edited by hand`. */
  drift?(spec: Spec, state: State, context: DiffContext): string | undefined;
  /** Pure. What a person should know about this resource even when nothing differs. */
  notes?(spec: Spec, state: State, context: DiffContext): readonly string[];
  /** For docs: what this kind is, in one sentence. */
  readonly describe: string;
}

/** Options every resource takes, whatever its kind. */
export interface ResourceOptions {
  readonly notify?: readonly Notification[];
  readonly validate?: Validation;
  readonly guarded?: boolean;
}

/** A kind with its constructor for recipes. */
export interface DefinedKind<Spec, Input, State> extends Kind<Spec, State> {
  /**
   * Declares one resource of this kind.
   * @throws {z.ZodError} when the spec is invalid; compose turns it into an error with the role's place.
   */
  of(spec: Input, options?: ResourceOptions): Resource;
}

/** Makes a kind out of its parts. */
export function defineKind<Schema extends z.ZodType, State>(
  kind: Omit<Kind<z.output<Schema>, State>, 'schema'> & { readonly schema: Schema },
): DefinedKind<z.output<Schema>, z.input<Schema>, State> {
  return {
    ...kind,
    schema: kind.schema as z.ZodType<z.output<Schema>>,
    of: (input, { notify = [], validate, guarded = false } = {}) => {
      const spec = kind.schema.parse(input);
      return {
        kind: kind.name,
        id: `${kind.name}:${kind.key(spec)}`,
        spec,
        notify,
        guarded,
        ...(validate ? { validate } : {}),
      };
    },
  };
}
