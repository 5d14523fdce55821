import type { PlanNote } from '../compose/recipe.ts';
import type { Plan } from '../plan/plan.ts';
import type { SecretWish } from './make.ts';
import { Secret } from './secret.ts';
import { type SecretSource, secretKey, unsavedSecrets } from './source.ts';
import type { NewSecret, SecretStore } from './store.ts';

interface Made extends NewSecret {
  readonly role: string;
  /** The key of the secret whose value it has got. */
  readonly like?: string;
}

/**
 * The secrets of one session with a host, the same while it plans and while it applies. The vault is opened only when a
 * plan is made and a role has asked for a secret: composing alone (for a check, say) needs no key.
 */
export class SessionSecrets {
  readonly #store: SecretStore;
  readonly #used = new Map<string, Secret>();
  readonly #made = new Map<string, Made>();
  #found: ReadonlyMap<string, Secret> | undefined;
  readonly #tell: (text: string) => void;
  #isAsked = false;

  constructor(store: SecretStore, tell: (text: string) => void) {
    this.#store = store;
    this.#tell = tell;
  }

  /** What recipes are given. Until {@link read} has been called: values that are as good as any, and kept by nobody. */
  readonly source: SecretSource = (name, wish) => {
    const key = secretKey(name);
    this.#isAsked = true;
    if (!this.#found) return unsavedSecrets(name, wish);
    const known = this.#used.get(key);
    if (known) return known;
    const present = this.#found.get(key);
    const isNew = present === undefined || this.#store.isStale(key, wish);
    const kin = this.#kin(key, wish);
    // Somebody's password does not change because another role looks after it now.
    const [like] = present ? [] : kin;
    const one = isNew ? this.#store.make(key, wish, present, like?.secret) : present;
    const secret = one.besides(kin.map((other) => other.secret));
    if (isNew) this.#made.set(key, { secret, wish, role: name.role, ...(like && { like: like.key }) });
    this.#used.set(key, secret);
    return secret;
  };

  /** What the vault has from other roles as the password of the same account. */
  #kin(key: string, { account }: SecretWish): readonly { key: string; secret: Secret }[] {
    if (account === undefined) return [];
    return [...(this.#found ?? [])]
      .filter(([other, secret]) => other !== key && secret.account === account)
      .map(([other, secret]) => ({ key: other, secret }));
  }

  /** Reads the vault if a role has asked for a secret. True when composing again gives something else now. */
  async read(): Promise<boolean> {
    if (!this.#isAsked || this.#found) return false;
    this.#found = await this.#store.read();
    return true;
  }

  /** What the plan should say about secrets. */
  notes(): readonly PlanNote[] {
    return [...this.#made].map(([key, { role, secret, wish, like }]) => ({
      role,
      level: 'info',
      text: like
        ? `${key} gets the password that the vault has as ${like}: it stays the password of ${wish.account}.`
        : `${secret.earlier.length > 0 ? 'A new' : 'A'} ${wish.kind ?? 'password'} is made for ${key}, and saved in the vault before anything is changed.`,
    }));
  }

  /** Saves what was made, before the run begins. */
  async save(): Promise<void> {
    await this.#store.save(this.#made);
    this.#made.clear();
  }

  /** Everything is on the host as the plan says. Taking a run back says nothing about secrets. */
  async confirm({ kind = 'apply' }: Pick<Plan, 'kind'>): Promise<void> {
    if (kind !== 'apply') return;
    try {
      await this.#store.confirm(this.#used);
    } catch (error) {
      // Nothing is lost: the earlier values stay in the vault until the next time.
      this.#tell(
        `The vault could not be tidied up: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

/** Whether a resource is made of a secret. */
export function usesSecret(spec: unknown): boolean {
  return (
    typeof spec === 'object' && spec !== null && Object.values(spec).some((part) => part instanceof Secret)
  );
}
