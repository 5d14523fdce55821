import { createHash, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

/** What a secret looks like wherever it is printed. */
const SHOWN = '‹secret›';

/** What a {@link Secret} knows besides its value. */
export interface SecretPast {
  /** What it was before, while the host may still have that. */
  readonly earlier?: readonly Secret[];
  /** What it was before is lost, and whatever the host has is to be replaced. */
  readonly earlierUnknown?: boolean;
  /** It was made just now and is not saved: made again, it would be another one. */
  readonly isNew?: boolean;
  /** The account of the machine that it is the password of. */
  readonly account?: string;
  /** What other roles have, or had, as the password of the same account. */
  readonly elsewhere?: readonly Secret[];
  /** Of what is made of other secrets: their plan marks together. */
  readonly planMark?: string;
}

/**
 * A value that must not be seen. However it is printed, joined to text, logged or written as JSON, it is `‹secret›`;
 * only {@link reveal} gives it away, and that is for verifiers and for the store that a service itself has.
 */
export class Secret {
  /**
   * Random, and different for every value that was ever made or set: by it two secrets are the same or not. It tells
   * nothing about the value, so it may be shown, compared and saved.
   */
  readonly mark: string;
  readonly #value: string;
  readonly #past: SecretPast;

  constructor(value: string, mark: string = newMark(), past: SecretPast = {}) {
    this.mark = mark;
    this.#value = value;
    this.#past = past;
  }

  /** The value itself. Never for an argument, an environment, a here-document, a log or a diff. */
  reveal(): string {
    return this.#value;
  }

  /** What it was before, the latest first; empty once the host is known to have the present value. */
  get earlier(): readonly Secret[] {
    return this.#past.earlier ?? [];
  }

  /** What it was before is lost: what the host has may be replaced without comparing. */
  get earlierUnknown(): boolean {
    return this.#past.earlierUnknown ?? false;
  }

  /** The account of the machine that it is the password of; undefined for what is none, or unknown. */
  get account(): string | undefined {
    return this.#past.account;
  }

  /** What other roles have, or had, as the password of the same account: the host may have it from them. */
  get elsewhere(): readonly Secret[] {
    return this.#past.elsewhere ?? [];
  }

  /** The same secret, which knows of those. */
  besides(elsewhere: readonly Secret[]): Secret {
    return new Secret(this.#value, this.mark, { ...this.#past, elsewhere });
  }

  /** By what a plan is the same as one made earlier: the mark; of a value that is not saved yet, that there is none. */
  get planMark(): string {
    return this.#past.planMark ?? (this.#past.isNew ? 'new' : this.mark);
  }

  /**
   * A salt for a verifier of this value: random bytes that stay the same for this value and purpose, so that a plan is
   * the same each time it is made, and that tell nothing about the value.
   * @param bytes at most 32
   */
  salt(purpose: string, bytes: number): Buffer {
    return createHash('sha256').update(`${this.mark}\0${purpose}`).digest().subarray(0, bytes);
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}

/** 128 random bits, in hexadecimal. */
export function newMark(): string {
  return randomBytes(16).toString('hex');
}
