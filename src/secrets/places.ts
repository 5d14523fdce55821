import { homedir } from 'node:os';
import { join } from 'node:path';

/** The vault beside the host file: one for all hosts of the folder. Meant to be committed. */
export const VAULT_FILE = 'secrets.age';

/** Who can open the vault, for people to read without opening it. Nothing is ever encrypted by what it says. */
export const READERS_FILE = 'secrets.recipients';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the identity of this computer is, and whether somebody chose the place (`HOSTWRIGHT_IDENTITY`). */
export function identityPlace(env: Environment): { readonly path: string; readonly chosen: boolean } {
  const chosen = env.HOSTWRIGHT_IDENTITY;
  if (chosen) return { path: chosen, chosen: true };
  const config = env.XDG_CONFIG_HOME?.startsWith('/')
    ? env.XDG_CONFIG_HOME
    : join(env.HOME || homedir(), '.config');
  return { path: join(config, 'hostwright', 'identity.txt'), chosen: false };
}
