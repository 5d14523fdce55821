import ssh2 from 'ssh2';
import { UserError } from '../errors.ts';
import type { Ask } from './connection.ts';
import { keyLocked, missingKey, passphraseRefused } from './failures.ts';
import { type KeyFile, readKeyFile, signWith, unlock } from './key-files.ts';
import { passphraseQuestion } from './questions.ts';
import type { SshRoute } from './route.ts';

const TRIES = 3;

/** The keys that may open a host, before any passphrase was asked for. */
export interface KeyMaterial {
  readonly agent: ssh2.BaseAgent<ssh2.ParsedKey> | undefined;
  readonly agentKeys: readonly ssh2.ParsedKey[];
  /** Keys in files, but for those that the agent holds too. */
  readonly files: readonly KeyFile[];
  /** Files that were left out, and why. */
  readonly notes: readonly string[];
}

/**
 * Collects the keys of the agent and of the identity files.
 * @throws {ConnectError} if the key file that the person named cannot be read
 */
export async function loadKeys({ settings, target }: SshRoute): Promise<KeyMaterial> {
  const [loaded, results] = await Promise.all([
    loadAgent(settings.agentSocket),
    Promise.all(settings.identityFiles.map((file) => readKeyFile(file))),
  ]);
  const all = results.flatMap(({ key }) => (key ? [key] : []));
  const notes = results.flatMap(({ note }) => (note ? [note] : []));
  if (target.identityFile !== undefined && all.length === 0 && notes.length === 0)
    throw missingKey(settings.identityFiles[0] ?? target.identityFile);
  const agentKeys = settings.identitiesOnly
    ? loaded.keys.filter((key) => all.some(({ publicKey }) => same(publicKey, key)))
    : loaded.keys;
  const files = all.filter(({ publicKey }) => !agentKeys.some((key) => same(publicKey, key)));
  return { agent: loaded.agent, agentKeys, files, notes };
}

/**
 * All those keys behind ssh2's agent interface: so a passphrase is asked for only once the host has said
 * that it would accept the key.
 */
export class KeyRing extends ssh2.BaseAgent<ssh2.ParsedKey> {
  readonly material: KeyMaterial;
  /** Why signing failed; ssh2 would go on and hide it. */
  failure: Error | undefined;
  readonly #unlocked: Map<string, ssh2.ParsedKey>;
  readonly #ask: Ask;

  /** @param unlocked keys whose passphrase was given before; those of this login are added */
  constructor(material: KeyMaterial, unlocked: Map<string, ssh2.ParsedKey>, ask: Ask) {
    super();
    this.material = material;
    this.#unlocked = unlocked;
    this.#ask = ask;
  }

  /** The keys for people, in the order of offering. */
  get labels(): readonly string[] {
    const { agentKeys, files } = this.material;
    return [
      ...agentKeys.map((key) => `${key.comment || key.type} (agent)`),
      ...files.map(({ file }) => file),
    ];
  }

  override getIdentities(done: (error: Error | undefined, keys?: ssh2.ParsedKey[]) => void): void {
    const { agentKeys, files } = this.material;
    done(undefined, [...agentKeys, ...files.map(({ publicKey }) => publicKey)]);
  }

  override sign(
    publicKey: ssh2.ParsedKey,
    data: Buffer,
    options: ssh2.SigningRequestOptions | ssh2.SignCallback,
    callback?: ssh2.SignCallback,
  ): void {
    const done = typeof options === 'function' ? options : callback;
    const request = typeof options === 'function' ? {} : options;
    const file = this.material.files.find((candidate) => same(candidate.publicKey, publicKey));
    if (!file) {
      this.material.agent?.sign(publicKey, data, request, done);
      return;
    }
    this.#unlock(file)
      .then((key) => signWith(key, data, request.hash))
      .then(
        (signature) => done?.(undefined, signature),
        (error: unknown) => {
          this.failure = error instanceof Error ? error : new Error(String(error));
          done?.(this.failure);
        },
      );
  }

  async #unlock(key: KeyFile): Promise<ssh2.ParsedKey> {
    const open = this.#unlocked.get(key.file) ?? (key.encrypted ? undefined : unlock(key, undefined));
    if (open) return open;
    for (let tries = this.#ask.interactive ? TRIES : 1; tries > 0; tries -= 1) {
      const unlocked = unlock(key, await this.#askPassphrase(key.file));
      if (!unlocked) continue;
      this.#unlocked.set(key.file, unlocked);
      return unlocked;
    }
    throw passphraseRefused(key.file);
  }

  async #askPassphrase(file: string): Promise<string> {
    try {
      return await this.#ask.secret(passphraseQuestion(file));
    } catch (error) {
      throw error instanceof UserError ? keyLocked(file, error) : error;
    }
  }
}

interface LoadedAgent {
  readonly agent: ssh2.BaseAgent<ssh2.ParsedKey> | undefined;
  readonly keys: readonly ssh2.ParsedKey[];
}

/** An agent that does not answer counts as none, as for ssh. */
function loadAgent(socket: string | undefined): Promise<LoadedAgent> {
  if (socket === undefined) return Promise.resolve({ agent: undefined, keys: [] });
  const agent = new ssh2.OpenSSHAgent(socket);
  return new Promise((resolve) => {
    agent.getIdentities((error, keys) => {
      resolve(error || !keys ? { agent: undefined, keys: [] } : { agent, keys: keys.filter(isUsable) });
    });
  });
}

/** The agent's list may hold kinds of keys that ssh2 cannot use (security keys, certificates). */
function isUsable(key: unknown): key is ssh2.ParsedKey {
  return typeof key === 'object' && key !== null && 'getPublicSSH' in key;
}

function same(one: ssh2.ParsedKey, other: ssh2.ParsedKey): boolean {
  return one.getPublicSSH().equals(other.getPublicSSH());
}
