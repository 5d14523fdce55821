import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { plainLine, plainText } from '../ui/plain-text.ts';
import { alreadyThere } from '../wizard/write.ts';
import type { Context } from './context.ts';
import { eachHost } from './each-host.ts';
import type { HostRun } from './host-run.ts';
import { quietCatalogue } from './own-recipes.ts';

interface RestoreWords {
  /** As `--connect`: where the host is. */
  readonly from: string;
  readonly directory: string | undefined;
}

/** `hostwright init --from`: a working folder out of what the host keeps of the last apply. */
export async function runRestore(context: Context, { from, directory = '.' }: RestoreWords): Promise<void> {
  const folder = resolve(context.cwd, directory);
  const file = join(folder, 'host.yaml');
  if (existsSync(file)) throw alreadyThere(file);
  const there: Context = { ...context, globals: { ...context.globals, connect: from } };
  await eachHost(there, [], { fileless: true }, (run) => restoreFrom(run, from, folder));
}

async function restoreFrom(run: HostRun, from: string, directory: string): Promise<void> {
  const { context, host } = run;
  const session = await run.open({ attach: false });
  const { meta } = session.facts.applied;
  const [{ fetchFolder }, { restore }] = await Promise.all([
    import('../restore/fetch.ts'),
    import('../restore/restore.ts'),
  ]);
  const fetched = await fetchFolder((script) => session.read(script), meta);
  const restored = await restore(fetched, {
    ...{ directory, from, target: host.connect },
    recipes: () => quietCatalogue(context, directory),
  });
  if (context.globals.json) {
    return context.json({
      v: 1,
      ...restored,
      ...(meta ? { by: meta.by, when: meta.when, secrets: meta.secrets ?? [] } : {}),
    });
  }
  const name = (path: string): string => plainLine(relative(context.cwd, path) || '.');
  const who = meta ? `, as ${meta.by} applied it on ${meta.when.slice(0, 10)}` : '';
  await run.warn(`Restored ${name(restored.file)}${plainLine(who)}.`);
  for (const { path, files } of restored.folders)
    await run.say(`Restored ${plainLine(path)} (${files} ${files === 1 ? 'file' : 'files'}).`);
  if (restored.folders.some(({ path }) => path === 'recipes'))
    await run.warn('Recipes are programs: look at them. Before the first one runs, you are asked.');
  if (restored.local) await run.say(`Wrote ${name(restored.local)}: the way that you have just come.`);
  for (const path of restored.there) await run.warn(`${plainLine(path)} was there already: kept as it is.`);
  for (const text of restored.missing) await run.warn(plainText(text));
  if (meta?.secrets) {
    await run.warn(
      `Secrets are not kept where they could be read back: ${meta.secrets.map(plainLine).join(', ')}.\n` +
        'If you still have secrets.age, put it here; then, with the printed recovery key: hostwright secrets recover\n' +
        'Otherwise make new ones, here and on the host: hostwright secrets rotate --all --lost',
    );
  }
  await run.say(
    `Next: hostwright plan${name(restored.file) === 'host.yaml' ? '' : ` ${name(restored.file)}`}`,
  );
}

/** @throws {UserError} for answers beside `--from`: the host file comes from the host. */
export function refuseAnswers(answers: string | undefined, sets: readonly string[]): void {
  if (answers === undefined && sets.length === 0) return;
  throw new UserError({
    message: '--from takes the host file from the host: --answers and --set have no place beside it.',
    hint: 'Restore it first, then edit host.yaml.',
  });
}
