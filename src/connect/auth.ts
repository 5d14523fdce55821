import type ssh2 from 'ssh2';
import { UserError } from '../errors.ts';
import type { Ask } from './connection.ts';
import { keysRefused, passwordNeeded, passwordRefused, tooManyKeys } from './failures.ts';
import type { KeyRing } from './key-ring.ts';
import { onceMore, sshPasswordQuestion } from './questions.ts';
import type { SshRoute } from './route.ts';

const PASSWORD_TRIES = 3;

/** The secrets that opened a connection, kept in memory so that `again()` need not ask. */
export interface Remembered {
  password: string | undefined;
  /** Private keys that a passphrase has opened, by file. */
  readonly unlocked: Map<string, ssh2.ParsedKey>;
}

/** Decides which login method comes next: keys, then keyboard-interactive, then password; three passwords at most. */
export class Authenticator {
  /** How the last method went in; `password` includes keyboard-interactive. */
  lastMethod: 'none' | 'keys' | 'password' = 'none';
  /** Why there is no point in going on, if something definite was found. */
  failure: Error | undefined;
  readonly #route: SshRoute;
  readonly #keys: KeyRing;
  readonly #remembered: Remembered;
  readonly #ask: Ask;
  #keysTried = false;
  #tries = 0;
  #given: string | undefined;

  /** @param ask asks the person; the caller may stop its clock meanwhile */
  constructor(route: SshRoute, keys: KeyRing, remembered: Remembered, ask: Ask) {
    this.#route = route;
    this.#keys = keys;
    this.#remembered = remembered;
    this.#ask = ask;
  }

  /** ssh2's `authHandler`; `giveUp` is called when nothing is left to try. */
  next(methodsLeft: readonly string[] | null, next: ssh2.NextAuthHandler, giveUp: () => void): void {
    this.#choose(methodsLeft).then(
      (method) => {
        if (method) next(method);
        else giveUp();
      },
      (error: unknown) => {
        this.failure = error instanceof Error ? error : new Error(String(error));
        giveUp();
      },
    );
  }

  /** Called when the host let us in: keeps the password for `again()`. */
  succeeded(): void {
    if (this.lastMethod === 'password' && this.#given !== undefined) this.#remembered.password = this.#given;
  }

  /** Why the host did not let us in, as precisely as is known. */
  explain(cause: Error | undefined): Error {
    const definite = this.failure ?? this.#keys.failure;
    if (definite) return definite;
    const { place } = this.#route;
    if (this.#tries > 0) return passwordRefused(place);
    if (/too many authentication failures/i.test(cause?.message ?? '')) return tooManyKeys(place);
    return keysRefused(place, this.#keys.labels, this.#keys.material.notes);
  }

  async #choose(methodsLeft: readonly string[] | null): Promise<ssh2.AnyAuthMethod | undefined> {
    const { user: username } = this.#route.place;
    if (this.#keys.failure) throw this.#keys.failure;
    const keysAllowed = methodsLeft === null || methodsLeft.includes('publickey');
    if (!this.#keysTried && this.#keys.labels.length > 0 && keysAllowed) {
      this.#keysTried = true;
      this.lastMethod = 'keys';
      return { type: 'agent', username, agent: this.#keys };
    }
    if (methodsLeft === null) return { type: 'none', username };
    const byPrompts = methodsLeft.includes('keyboard-interactive');
    if (!byPrompts && !methodsLeft.includes('password')) return undefined;
    if (this.#tries >= (this.#ask.interactive ? PASSWORD_TRIES : 1)) return undefined;
    this.#tries += 1;
    this.lastMethod = 'password';
    if (!byPrompts) return { type: 'password', username, password: await this.#password() };
    return { type: 'keyboard-interactive', username, prompt: (...args) => this.#answer(args[3], args[4]) };
  }

  /** Answers keyboard-interactive prompts (RFC 4256): the password, or a one-time code, or whatever is asked. */
  #answer(prompts: readonly ssh2.Prompt[], finish: (answers: string[]) => void): void {
    const answers = async (): Promise<string[]> => {
      const given: string[] = [];
      for (const { prompt } of prompts)
        given.push(/password/i.test(prompt) ? await this.#password() : await this.#secret(prompt.trim()));
      return given;
    };
    answers().then(finish, (error: unknown) => {
      this.failure = error instanceof Error ? error : new Error(String(error));
      finish([]);
    });
  }

  async #password(): Promise<string> {
    const { password } = this.#remembered;
    if (password !== undefined && this.#tries === 1) return password;
    const question = sshPasswordQuestion(this.#route.place);
    const given = await this.#secret(this.#tries > 1 ? onceMore(question) : question);
    this.#given = given;
    return given;
  }

  async #secret(question: string): Promise<string> {
    if (this.failure) throw this.failure;
    try {
      return await this.#ask.secret(question);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      // Without a person the keys were the only hope: say that they were not enough.
      const hint = error.problems[0]?.hint ?? error.problems[0]?.message;
      const { labels: tried, material } = this.#keys;
      throw passwordNeeded(this.#route.place, { tried, notes: material.notes }, hint, error);
    }
  }
}
