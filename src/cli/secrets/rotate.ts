import { UserError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import type { SecretStore } from '../../secrets/store.ts';
import { vaultStore } from '../../secrets/vault-store.ts';
import { carryOut } from '../carry-out.ts';
import type { Context } from '../context.ts';
import { eachHost } from '../each-host.ts';
import type { HostRun } from '../host-run.ts';
import { type VaultWords, vaultFile } from './vault.ts';

export interface RotateWords extends VaultWords {
  readonly all?: true;
  readonly lost?: true;
  readonly yes?: true;
}

/**
 * New values, in the vault and on the host, by the same way as `apply`. What they replace stays in the vault until the
 * host is known to have the new ones: a cut in between loses neither.
 */
export async function rotateSecrets(
  context: Context,
  names: readonly string[],
  words: RotateWords,
): Promise<void> {
  requireSense(names, words);
  const made = new Set<string>();
  const storeFor = (host: Host): SecretStore => {
    const keys = names.map((name) =>
      name.startsWith(`${host.name}/`) ? name.slice(host.name.length + 1) : name,
    );
    const rotate = words.all ? 'all' : new Set(keys);
    const store = vaultStore(vaultFile(context, words), {
      host: host.name,
      rotate,
      lost: words.lost === true,
    });
    return {
      ...store,
      make: (key, wish, present) => {
        made.add(key);
        return store.make(key, wish, present);
      },
    };
  };
  const files = words.file === undefined ? [] : [words.file];
  const each = { asks: words.yes !== true, events: true, secretsFor: storeFor };
  await eachHost(context, files, each, async (run) => {
    const keys = names.map((name) =>
      name.split('/').length === 3 ? name.slice(name.indexOf('/') + 1) : name,
    );
    await rotate(run, keys, words, made);
  });
}

async function rotate(
  run: HostRun,
  keys: readonly string[],
  { yes }: RotateWords,
  made: ReadonlySet<string>,
): Promise<void> {
  const roles = new Set(keys.map((key) => key.slice(0, key.indexOf('/'))));
  const [only] = roles;
  const session = await run.open({
    attach: true,
    ...(only !== undefined && roles.size === 1 ? { only } : {}),
  });
  const plan = await session.plan();
  const unasked = keys.filter((key) => !made.has(key));
  if (unasked.length > 0) {
    throw new UserError({
      message: `No role of ${run.host.file} asks for ${unasked.join(', ')}. Nothing was changed.`,
      hint: 'See what there is: hostwright secrets list',
    });
  }
  const summary = await carryOut(run, session, plan, { yes: yes === true });
  if (!summary || summary.failed > 0) return;
  await run.say(
    summary.changed > 0
      ? 'The host has the new values. To see one: hostwright secrets show ROLE/NAME'
      : 'There was nothing to rotate.',
  );
}

function requireSense(names: readonly string[], { all, lost }: RotateWords): void {
  if (lost && !all) {
    throw new UserError({
      message: '--lost replaces what nobody can open any more, so it goes with --all.',
      hint: 'Run: hostwright secrets rotate --all --lost',
    });
  }
  if ((names.length === 0) === (all === true)) return;
  throw new UserError({
    message: all ? '--all is all of them: name none.' : 'Which secrets are to get new values?',
    hint: 'Name them as `hostwright secrets list` does, or say --all.',
  });
}
