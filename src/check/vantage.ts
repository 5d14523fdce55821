import type { Duplex } from 'node:stream';

/** A place from which reachability is tested. */
export interface Vantage {
  /** As in reports: `self`, `here`, `phone`, `ssh://ann@laptop`. */
  readonly name: string;
  readonly kind: 'self' | 'here' | 'peer';
  /**
   * The address this place would use towards each target. A target that is absent has no route from here:
   * nothing can be tested, or proven blocked, over it.
   */
  sources(targets: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** The address from which hostwright's own machine comes in, as this place sees it; for peers. */
  readonly seesUsAs?: string;
  /**
   * A TCP connection from here.
   * @throws {ForwardError} within `timeoutMs` milliseconds.
   */
  open(address: string, port: number, timeoutMs: number): Promise<Duplex>;
  /**
   * Sends a datagram from here by UDP, and gives the first that comes back.
   * @throws {ForwardError} within `timeoutMs` milliseconds.
   */
  exchange(address: string, port: number, datagram: Buffer, timeoutMs: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** Source address for a target when the place could not say. Counts as a route, and as no place in particular. */
export const UNKNOWN_SOURCE = '';
