import { hostname } from 'node:os';
import { relative, resolve } from 'node:path';
import { init } from '../wizard/init.ts';
import type { Context } from './context.ts';
import { quietCatalogue, withoutUntrusted } from './own-recipes.ts';

interface InitWords {
  readonly directory: string | undefined;
  readonly answers: string | undefined;
  readonly sets: readonly string[];
  /** As typed after `--recovery-key`. */
  readonly recoveryKey?: string | undefined;
}

/** `hostwright init`: the wizard on a terminal, or with answers only. */
export async function runInit(
  context: Context,
  { directory = '.', answers, sets, recoveryKey }: InitWords,
): Promise<void> {
  const { cwd, globals, interactive, say, warn, paint, json } = context;
  // `--connect` says the same as an answer, and is what people know from the other commands.
  const connect = globals.connect === undefined ? [] : [`connect=${globals.connect}`];
  const { file, text, folders } = await init({
    directory: resolve(cwd, directory),
    ...(answers !== undefined && { answersFile: resolve(cwd, answers) }),
    sets: [...sets, ...connect],
    recipes: withoutUntrusted(await quietCatalogue(context, resolve(cwd, directory)), () => undefined),
    thisMachine: hostname(),
    ...(interactive && { prompts: await prompts(context) }),
    show: (shown) => say(`\n${paint.dim(shown)}`),
  });
  const { beginVault } = await import('./secrets/begin.ts');
  if (globals.json) {
    const [{ keyObject }, pair] = await Promise.all([
      import('./secrets/recovery.ts'),
      beginVault(context, file, recoveryKey),
    ]);
    return json({ v: 1, file, folders, text, ...(pair && { recoveryKey: keyObject(pair, recoveryKey) }) });
  }
  const name = relative(cwd, file);
  for (const folder of folders) say(`Made ${folder} with a first page in it.`);
  warn(`Wrote ${name}.`);
  await beginVault(context, file, recoveryKey);
  const option = name === 'host.yaml' ? '' : ` ${name}`;
  say(`Next: hostwright plan${option}, or first in a simulated home network: hostwright rehearse${option}`);
}

async function prompts(context: Context) {
  const { createPrompts } = await import('../ui/wizard-prompts.ts');
  return createPrompts(context);
}
