import type { Ask, Connection, SshTarget } from './connection.ts';
import type { KnownKey } from './known-hosts.ts';
import type { Place } from './place.ts';
import type { SshSettings } from './ssh-config.ts';

/** Everything an ssh back end needs to know to get to one host; made once, used again by `again()`. */
export interface SshRoute {
  readonly target: SshTarget;
  readonly place: Place;
  readonly settings: SshSettings;
  /** What known_hosts held when the route was made. */
  readonly knownKeys: readonly KnownKey[];
  /** Keys known for the same host on port 22, when this is another port: one of them is as good. */
  readonly keysOnPort22: readonly KnownKey[];
  readonly ask: Ask;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
  /** A fingerprint (`SHA256:…`) that the person has already compared. */
  readonly acceptHostKey: string | undefined;
  /** `ssh -F`, if not the default files. */
  readonly configFile: string | undefined;
  /** Tells the person something that needs no answer ("touch the security key"). */
  readonly notify: (text: string) => void;
  readonly limits: Limits;
}

/** Time limits in milliseconds. */
export interface Limits {
  /** To a TCP connection. */
  readonly connect: number;
  /** From the first packet to a login, without the time in which a person is being asked. */
  readonly login: number;
  /** Between two signs of life; after three without an answer the connection counts as lost. */
  readonly keepAlive: number;
}

/** All failures are told within 15 s; a dead peer is noticed within a minute. */
export const LIMITS: Limits = { connect: 10_000, login: 12_000, keepAlive: 15_000 };

/** A connection over ssh, and by which of the two back ends. */
export interface SshConnection extends Connection {
  readonly backend: 'node-ssh' | 'openssh';
  /** A password opened it, so that a key is worth offering. */
  readonly byPassword: boolean;
}

/** Sessions at once over one connection; sshd's MaxSessions is 10, of which others may use some. */
export const SESSIONS = 5;

/** Pauses in milliseconds before a refused session is asked for again: sshd frees a session late. */
export const RETRY_AFTER: readonly number[] = [50, 100, 200, 400, 800];
