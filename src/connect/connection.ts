import type { Duplex, Readable, Writable } from 'node:stream';
import type { Shell } from '../quote.ts';

/** How a command on the host ended. */
export interface ExitStatus {
  /** Exit code, or null when a signal ended the command. */
  readonly code: number | null;
  readonly signal?: string;
}

/** One running command on the host: its three streams, and how it ends. */
export interface Channel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /**
   * Resolves when the command has ended and its output has been delivered.
   * Rejects with `ConnectError` when the connection was lost first: a missing status is never a success.
   */
  readonly exit: Promise<ExitStatus>;
  /** Ends the command by closing its streams. Safe to call twice. */
  close(): void;
}

/** Why a TCP connection from the host's side could not be made. */
export type ForwardFailure = 'refused' | 'timeout' | 'unreachable' | 'prohibited' | 'failed';

/** Thrown by {@link Connection.forward}. */
export class ForwardError extends Error {
  override readonly name = 'ForwardError';
  readonly reason: ForwardFailure;
  constructor(reason: ForwardFailure, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A way to run commands on one machine. Implemented by ssh (two back ends), local, lab and the recording fake. */
export interface Connection {
  /** What is on the other end, for people: `pi@192.168.1.20:22`, `this machine`. */
  readonly target: string;
  /** The account that commands run as. */
  readonly user: string;
  /**
   * The type of the key by which the machine was recognised, such as `ssh-ed25519` (RFC 4253 §6.6): one of those that
   * known_hosts has of it. Absent where no key is shown.
   */
  readonly hostKeyType?: string;
  /** Starts a command; it is read by `sh -c`, whatever the account's login shell is. */
  exec(command: Shell): Promise<Channel>;
  /**
   * A TCP connection made *from* the machine to `host:port`, with nothing installed there
   * (direct-tcpip, RFC 4254 §7.2; for `local` an ordinary socket).
   * @throws {ForwardError} within `timeoutMs` (milliseconds), naming why.
   */
  forward(host: string, port: number, timeoutMs: number): Promise<Duplex>;
  /** A second connection to the same place by the same path, with a handshake of its own. Asks nothing. */
  again(): Promise<Connection>;
  close(): Promise<void>;
}

/** How to become root on the host. `auto` finds out; `ask` always asks for sudo's password; `command` is the user's own wrapper. */
export type Sudo = 'auto' | 'none' | 'ask' | { readonly command: string };

/** Where to connect to, as the host file or `--connect` says. */
export type Target =
  | { readonly kind: 'local'; readonly sudo: Sudo }
  | { readonly kind: 'lab'; readonly name: string; readonly sudo: Sudo }
  | SshTarget;

export interface SshTarget {
  readonly kind: 'ssh';
  /** Host name, address, or an alias of `~/.ssh/config`. */
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  /** Private key file; default: what the user's ssh configuration and agent offer. */
  readonly identityFile?: string;
  /** Hosts to go through first, as `ssh -J` takes them. */
  readonly jump?: string;
  /** known_hosts file to use instead of the user's (the lab has its own). */
  readonly knownHostsFile?: string;
  /** `auto` takes node-ssh unless the user's configuration needs the system's ssh. */
  readonly backend: 'auto' | 'node-ssh' | 'openssh';
  readonly sudo: Sudo;
}

/** Questions a connection may have to ask. Without a terminal each throws `UserError` naming what to do instead. */
export interface Ask {
  /** A password or passphrase; never echoed, never stored. */
  secret(question: string): Promise<string>;
  confirm(question: string): Promise<boolean>;
  /** True when a person can answer. */
  readonly interactive: boolean;
}
