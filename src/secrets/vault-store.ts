import { UserError } from '../errors.ts';
import { makeValue } from './make.ts';
import { newMark, Secret } from './secret.ts';
import type { NewSecret, SecretStore } from './store.ts';
import { LockedVaultError, type VaultFile } from './vault-file.ts';
import { secretOf, type Vault, type VaultEntry } from './vault-format.ts';

export interface VaultStoreOptions {
  /** Name of the host, under which the vault keeps its secrets. */
  readonly host: string;
  /** Secrets that are to get new values: `role/name`, or all. */
  readonly rotate?: ReadonlySet<string> | 'all';
  /** A vault that cannot be opened is put aside, and whatever the host has is replaced. */
  readonly lost?: boolean;
}

/** The secrets of a host in the vault of its folder. */
export function vaultStore(vault: VaultFile, { host, rotate, lost = false }: VaultStoreOptions): SecretStore {
  const keyOf = (key: string): string => `${host}/${key}`;
  let isLost = false;
  const read = async (): Promise<Vault | undefined> => {
    try {
      return await vault.read();
    } catch (error) {
      if (!lost || !(error instanceof LockedVaultError)) throw error;
      isLost = true;
      return undefined;
    }
  };
  return {
    read: async () => {
      const entries = [...((await read())?.secrets ?? [])];
      return new Map(
        entries
          .filter(([key]) => key.startsWith(`${host}/`))
          .map(([key, entry]) => [key.slice(host.length + 1), secretOf(entry)]),
      );
    },
    // What others have given out is not among all that can be made anew.
    isStale: (key, { brought }) => (rotate === 'all' ? brought === undefined : (rotate?.has(key) ?? false)),
    make: (key, wish, present, like) => {
      if (wish.brought !== undefined)
        throw new UserError(toBring(key, wish.brought, { isThere: present !== undefined, isLost }));
      return new Secret(like?.reveal() ?? makeValue(wish), newMark(), {
        isNew: true,
        ...(wish.account === undefined ? {} : { account: wish.account }),
        earlier: present ? [present, ...present.earlier] : [],
        earlierUnknown: present ? present.earlierUnknown : lost,
      });
    },
    save: async (made) => {
      if (made.size === 0) return;
      if (isLost) await vault.putAside();
      isLost = false;
      await vault.update((before) => {
        const secrets = new Map(before.secrets);
        for (const [key, item] of made) {
          requireSame(key, item, secrets.get(keyOf(key)));
          secrets.set(keyOf(key), entryOf(item));
        }
        return { ...before, secrets };
      });
    },
    confirm: async (held) => {
      const settled = [...held].filter(
        ([, { earlier, earlierUnknown }]) => earlier.length > 0 || earlierUnknown,
      );
      if (settled.length === 0) return;
      await vault.update((before) => {
        const secrets = new Map(before.secrets);
        for (const [key, { mark }] of settled) {
          const entry = secrets.get(keyOf(key));
          if (entry?.mark === mark) secrets.set(keyOf(key), { ...entry, earlier: [], earlierUnknown: false });
        }
        return { ...before, secrets };
      });
    },
  };
}

function toBring(
  key: string,
  what: string,
  { isThere, isLost }: { readonly isThere: boolean; readonly isLost: boolean },
) {
  return {
    message: isThere
      ? `${key} is ${what}: it can’t be made here.`
      : `The vault has no ${key}: ${what}. It can’t be made here, somebody has to give it.`,
    hint: `${isLost ? 'Move secrets.age away, put it into a new vault' : 'Put it into the vault'}, then run the same command again: hostwright secrets set ${key}`,
  };
}

/** Two runs that make the same secret must not each set their own. */
function requireSame(key: string, { secret }: NewSecret, found: VaultEntry | undefined): void {
  if (found?.mark === secret.earlier[0]?.mark) return;
  throw new UserError({
    message: `The secret ${key} has got another value in the vault since this was planned. Nothing was changed.`,
    hint: 'Somebody else is working on the same host. Run the same command again.',
  });
}

function entryOf({ secret, wish }: NewSecret): VaultEntry {
  return {
    value: secret.reveal(),
    mark: secret.mark,
    kind: wish.kind ?? 'password',
    origin: 'made',
    since: new Date().toISOString(),
    ...(wish.account === undefined ? {} : { account: wish.account }),
    earlier: secret.earlier.map((one) => ({ value: one.reveal(), mark: one.mark })),
    earlierUnknown: secret.earlierUnknown,
  };
}
