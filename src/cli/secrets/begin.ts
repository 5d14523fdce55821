import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { KeyPair } from '../../secrets/age.ts';
import { VaultFile } from '../../secrets/vault-file.ts';
import type { Context } from '../context.ts';
import { addRecoveryKey } from './recovery.ts';
import { tell } from './vault.ts';

/**
 * Begins the vault of a new folder with a recovery key, when somebody can keep it. Without one there is no vault yet:
 * the first secret makes it.
 * @param out as typed after `--recovery-key`
 * @returns the recovery key, if there is one
 */
export async function beginVault(
  context: Context,
  hostFile: string,
  out: string | undefined,
): Promise<KeyPair | undefined> {
  const { env, interactive, globals, say, ask } = context;
  const file = new VaultFile({ directory: dirname(hostFile), env, tell });
  if (existsSync(file.path)) return undefined;
  const canShow = interactive && !globals.json;
  if (out === undefined && !canShow) {
    say(
      'No recovery key was made for the secrets of this folder. To make one: hostwright secrets recovery-key',
    );
    return undefined;
  }
  if (out === undefined && !(await ask.confirm('Make a recovery key for its secrets now, to be printed?'))) {
    say('To make one later: hostwright secrets recovery-key');
    return undefined;
  }
  return addRecoveryKey(context, file, out);
}
