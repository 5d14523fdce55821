import type { OwnedResource } from '../compose/collect.ts';
import type { Composition } from '../compose/compose.ts';
import type { Ask, Connection } from '../connect/connection.ts';
import type { Answer } from '../connect/root-shell.ts';
import type { Listener, RunEvent } from '../events.ts';
import type { Facts } from '../facts/facts.ts';
import type { WantedFacts } from '../facts/read-facts.ts';
import type { Host } from '../host/host.ts';
import type { Decisions } from '../plan/make-plan.ts';
import type { Plan } from '../plan/plan.ts';
import type { Shell } from '../quote.ts';
import type { SecretStore } from '../secrets/store.ts';
import type { Origin } from './journal.ts';
import type { LabWorld } from './lab-world.ts';

/** What a person chose on the command line for this session. */
export interface SessionOptions {
  readonly ask: Ask;
  readonly listener: Listener;
  /** Resource ids that may be taken over (`--adopt`). */
  readonly adopt: readonly string[];
  /** What happens to files of ours that were edited by hand (`--on-conflict`). */
  readonly onConflict: 'stop' | 'keep' | 'take';
  readonly closeUnlisted: boolean;
  /** Only this role's resources (`--only`). */
  readonly only?: string;
  /** SHA256 fingerprint accepted for an unknown host key. */
  readonly acceptHostKey?: string;
  /** Who runs this, from where, with which version: one line for the journal and for whoever finds the host busy. */
  readonly owner: string;
  /** The same in parts, for the journal. */
  readonly origin?: Origin;
  /** Apply even though the host was last applied from something that this folder lacks (`--take-over`). */
  readonly takeOver?: boolean;
  /** Which facts are read; default: what the host's roles ask for. */
  readonly wanted?: WantedFacts;
  /** A run that is going on is followed to its end first (`apply`); otherwise it is only mentioned. */
  readonly attach: boolean;
  /** A connection to the host that is being made already; default: one is made. */
  readonly connection?: Promise<Connection>;
  /** Where secrets come from and go to; default: a throwaway vault. */
  readonly secrets?: SecretStore;
  /** Aborted by Ctrl-C: the run stops after the step that is under way. */
  readonly signal: AbortSignal;
}

/** How a run ended; the last event. */
export type Summary = Extract<RunEvent, { event: 'summary' }>;

/** A run of somebody's that was followed to its end before this session began its own work. */
export interface Followed {
  readonly run: string;
  /** It did all that it had planned. */
  readonly ok: boolean;
}

/** An open host: facts are read (exchange 1), planning and applying follow on the same channel. */
export interface HostSession {
  readonly host: Host;
  readonly connection: Connection;
  readonly facts: Facts;
  /** Set when a run was going on. */
  readonly followed?: Followed;
  readonly composition: Composition;
  /** One more exchange: runs a script that only reads, as root. */
  read(script: Shell): Promise<Answer>;
  /** The same for a script that does something outside of any plan, such as a dump. It goes on if the connection is lost. */
  operate(unit: string, script: Shell): Promise<Answer>;
  /** Tells the listener of a plan that was made elsewhere. */
  announce(plan: Plan): void;
  /**
   * Exchange 2: observes and plans. Writes nothing on the host. With decisions it plans anew from what was observed
   * the last time, and asks the host nothing.
   */
  plan(decisions?: Decisions): Promise<Plan>;
  /** Observes and plans some of the resources only, as a part of another plan; the listener is not told. */
  planPart(wanted: (owned: OwnedResource) => boolean): Promise<Plan>;
  /**
   * Exchange 3: runs the plan on the host and follows it to its end. Emits events; the last is the summary.
   * With nothing to change it emits the summary at once and touches nothing.
   */
  apply(plan: Plan): Promise<Summary>;
  /** Set in the lab, where the lab's own authority takes the place of the public ones. */
  readonly world?: LabWorld;
  close(): Promise<void>;
}

/**
 * Connects, becomes root, reads facts; attaches to a run that is still going on first.
 * @throws {ConnectError} exit 4; {HostError} for an unsupported operating system.
 */
export type OpenSession = (host: Host, options: SessionOptions) => Promise<HostSession>;
