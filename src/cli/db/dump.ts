import type { Context } from '../context.ts';
import { eachHost } from '../each-host.ts';
import type { HostRun } from '../host-run.ts';
import { backupOfRole, type Dump, openDumps } from './program.ts';

/** Options that every word of `hostwright db` takes. */
export interface DbWords {
  readonly file?: string;
}

/** `hostwright db dump ROLE`. */
export async function dumpRole(context: Context, role: string, { file }: DbWords): Promise<void> {
  await eachHost(context, file === undefined ? [] : [file], {}, async (run) => {
    const backup = backupOfRole(run.host, role);
    const dumps = await openDumps(run, role, backup);
    tell(run, `Dumping ${backup.databases.join(', ')} …`);
    const name = await dumps.dump();
    const made = (await dumps.list()).find((one) => one.name === name);
    if (context.globals.json)
      return context.json({ v: 1, host: run.host.name, role, dump: name, folder: backup.folder, ...made });
    await run.say(
      `Made ${name}${made ? ` (${describe(made)})` : ''}, in ${backup.folder} on ${run.host.name}.`,
    );
    await run.say(`To put it back: hostwright db restore ${role} ${name}`);
  });
}

/** `hostwright db list ROLE`. */
export async function listDumps(context: Context, role: string, { file }: DbWords): Promise<void> {
  await eachHost(context, file === undefined ? [] : [file], {}, async (run) => {
    const backup = backupOfRole(run.host, role);
    const found = await (await openDumps(run, role, backup)).list();
    if (context.globals.json)
      return context.json({ v: 1, host: run.host.name, role, folder: backup.folder, dumps: found });
    if (found.length === 0) await run.say(`There is no dump yet. To make one: hostwright db dump ${role}`);
    for (const line of tableOf(found)) await run.say(line);
  });
}

/** Progress that is worth a line. */
export function tell({ view }: HostRun, text: string): void {
  view.listener({ event: 'note', text });
}

/** One line for each dump. */
export function tableOf(dumps: readonly Dump[]): readonly string[] {
  const width = Math.max(0, ...dumps.map(({ name }) => name.length));
  return dumps.map((dump) => `  ${dump.name.padEnd(width)}  ${describe(dump)}`);
}

function describe({ bytes, databases }: Dump): string {
  return `${databases.join(', ')}; ${sizeOf(bytes)}`;
}

function sizeOf(bytes: number): string {
  if (bytes < 1024 * 1024) return `${Math.ceil(bytes / 1024)} kB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
