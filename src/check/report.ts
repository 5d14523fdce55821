import type { PortWish } from '../agent/declared.ts';
import type { CauseId } from './causes.ts';

/** One rung of the path from a vantage to a working service: address → tcp → http → content. */
export interface ReportStep {
  /** `tcp`, `http`, `status`, `content`… */
  readonly name: string;
  readonly ok: boolean;
  /** One line for people. */
  readonly detail: string;
}

/** A place that was tested from. */
export interface ReportVantage {
  /** `self`, `here`, `phone`, `internet` or `ssh://user@peer`. */
  readonly name: string;
  /** The address that it reaches the host from; empty when it could not be used or is not known. */
  readonly address: string;
  /** Whether it counts as `lan` for this host: on its own network, or in `network.lan`. */
  readonly sameLan: boolean;
  /** What could not be tested from here and why: `no route to IPv6 addresses`. */
  readonly note?: string;
}

/** One thing that was tried: one endpoint, at one address, from one vantage. */
export interface Result {
  /** Stable across runs: `phone:blog/http@192.168.1.20`. */
  readonly id: string;
  readonly vantage: string;
  /** Empty when it is the vantage itself that failed. */
  readonly role: string;
  /** Empty when it is the vantage itself that failed. */
  readonly endpoint: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly expect: 'reachable' | 'blocked';
  readonly ok: boolean;
  /** Milliseconds until the outcome was certain. */
  readonly ms: number;
  readonly steps: readonly ReportStep[];
  /** From the catalogue of causes; only when not ok. */
  readonly cause?: CauseId;
  /** What to do about it, one sentence or two; only when not ok. */
  readonly fix?: string;
  /** Id of the result that explains this one. */
  readonly because?: string;
}

/** What `check` found; `check --json` prints exactly this. */
export interface Report {
  readonly v: 1;
  readonly host: string;
  readonly ok: boolean;
  readonly vantages: readonly ReportVantage[];
  readonly results: readonly Result[];
  /** What somebody has to type in on the router's own page, since it lets nobody ask for it. */
  readonly byHand?: {
    /** The router's address. */
    readonly router?: string;
    /** The host's. */
    readonly host: string;
    readonly ports: readonly PortWish[];
  };
}
