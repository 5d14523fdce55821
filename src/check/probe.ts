import type { Duplex } from 'node:stream';
import type { z } from 'zod';
import type { CauseId } from './causes.ts';
import type { ReportStep } from './report.ts';

/** What a probe is given. It never learns which vantage it runs from. */
export interface ProbeContext {
  /**
   * A new TCP connection to the endpoint, from the vantage.
   * @throws {ForwardError} naming why there is none.
   */
  open(): Promise<Duplex>;
  /**
   * Sends a datagram to the endpoint from the vantage and gives the first that comes back: for endpoints by UDP, and only
   * for them.
   * @throws {ForwardError} naming why there is none, within `timeoutMs` milliseconds.
   */
  readonly exchange?: (datagram: Buffer, timeoutMs: number) => Promise<Buffer>;
  /** The address and port under test, for messages and for headers. */
  readonly address: string;
  readonly port: number;
  /** Milliseconds for the whole probe, the connection included. */
  readonly timeoutMs: number;
  /** Roots (PEM) that certificates may be issued by, beside those that are known everywhere. */
  readonly roots?: readonly string[];
  /** It is to be kept out, so whose certificate answers does not matter. */
  readonly anyCertificate?: boolean;
}

/** What a probe found: the rungs it climbed, and why it stopped when it did. */
export interface ProbeOutcome {
  readonly ok: boolean;
  /** The connection itself came about, whatever was said over it. */
  readonly connected: boolean;
  readonly steps: readonly ReportStep[];
  /** It is the right service that answers, and it has turned whoever asks away: works, and kept out. */
  readonly turnedAway?: true;
  /** Only when not ok. */
  readonly cause?: CauseId;
}

/** How to prove that an endpoint works. One file in `src/check/probes/`, named as endpoints name it. */
export interface Probe<Settings> {
  readonly settings: z.ZodType<Settings>;
  /** Never rejects for what the other side does: that is the outcome. Leaves no connection open. */
  run(context: ProbeContext, settings: Settings): Promise<ProbeOutcome>;
}

/** Makes a probe out of its parts; the identity function at run time. */
export function defineProbe<Schema extends z.ZodType>(
  probe: Probe<z.output<Schema>> & { readonly settings: Schema },
): Probe<z.output<Schema>> {
  return probe;
}
