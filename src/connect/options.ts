import type { Ask } from './connection.ts';

/** What connecting needs besides its target. */
export interface ConnectOptions {
  readonly ask: Ask;
  /** Default: this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C; connecting then stops with `InterruptedError`. */
  readonly signal?: AbortSignal;
  /** A host key's fingerprint (`SHA256:…`) that is accepted without a question (`--accept-host-key`). */
  readonly acceptHostKey?: string;
  /** `ssh -F`: an ssh configuration instead of the user's and the system's. */
  readonly sshConfigFile?: string;
  /** Told what needs no answer, such as "touch your security key". Default: nothing. */
  readonly notify?: (text: string) => void;
}
