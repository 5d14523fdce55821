import { makeValue } from './make.ts';
import { newMark, Secret } from './secret.ts';
import type { SecretStore } from './store.ts';

/** A throwaway vault: its secrets last as long as this process, and are written nowhere. */
export function memoryStore(): SecretStore {
  const kept = new Map<string, Secret>();
  return {
    read: async () => new Map(kept),
    isStale: () => false,
    make: (key, wish, _, like) => {
      const { account } = wish;
      const past = account === undefined ? {} : { account };
      const secret = kept.get(key) ?? new Secret(like?.reveal() ?? makeValue(wish), newMark(), past);
      kept.set(key, secret);
      return secret;
    },
    save: async () => undefined,
    confirm: async () => undefined,
  };
}
