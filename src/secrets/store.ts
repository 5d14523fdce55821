import type { SecretWish } from './make.ts';
import type { Secret } from './secret.ts';

/** A secret that is not in the vault yet, or not with this value. */
export interface NewSecret {
  readonly secret: Secret;
  readonly wish: SecretWish;
}

/** Where the secrets of one host come from and go to. Keys are `role/name`. */
export interface SecretStore {
  /** What there is; only asked when a role wants a secret. Writes nothing. */
  read(): Promise<ReadonlyMap<string, Secret>>;
  /**
   * Makes a value for what is not there, or to be another from now on: in memory only.
   * @throws {UserError} for what only the user can bring
   * @param present what {@link read} gave
   * @param like whose value it gets, rather than one of its own
   */
  make(key: string, wish: SecretWish, present: Secret | undefined, like?: Secret): Secret;
  /** Whether `make` is to be asked although there is a value. */
  isStale(key: string, wish: SecretWish): boolean;
  /**
   * Saves new values, before anything changes on the host; what they replace is kept until {@link confirm}.
   * @throws {UserError} when the vault has got other values meanwhile
   */
  save(made: ReadonlyMap<string, NewSecret>): Promise<void>;
  /** The host has these values now: what they were before is forgotten. */
  confirm(secrets: ReadonlyMap<string, Secret>): Promise<void>;
}
