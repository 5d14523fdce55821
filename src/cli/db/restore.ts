import { EXIT, UserError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { eachHost } from '../each-host.ts';
import type { HostRun } from '../host-run.ts';
import { type DbWords, tableOf, tell } from './dump.ts';
import { backupOfRole, type Dump, type DumpProgram, openDumps, type Restored } from './program.ts';

/** `hostwright db restore ROLE [DUMP]`. */
export async function restoreRole(
  context: Context,
  { role, dump }: { readonly role: string; readonly dump: string | undefined },
  { file, yes, safetyDump }: DbWords & { readonly yes?: true; readonly safetyDump: boolean },
): Promise<void> {
  const files = file === undefined ? [] : [file];
  await eachHost(context, files, { asks: yes !== true }, async (run) => {
    const dumps = await openDumps(run, role, backupOfRole(run.host, role));
    const found = await dumps.list();
    const chosen = choose(found, dump, role);
    if (yes !== true && !(await isConfirmed(run, { found, chosen, named: dump !== undefined, role }))) {
      await run.warn('Nothing was changed.');
      return context.end(EXIT.failed);
    }
    tell(run, `Dumping what is there, then restoring ${chosen.databases.join(', ')} …`);
    await report(run, dumps, chosen, await dumps.restore(chosen.name, !safetyDump));
  });
}

/** @throws {UserError} when there is none, or not exactly one of that name */
function choose(found: readonly Dump[], wanted: string | undefined, role: string): Dump {
  const [latest] = found.filter(isOwn).concat(found);
  if (!latest) {
    throw new UserError({
      message: `There is no dump of ‘${role}’ yet.`,
      hint: `Nothing was changed. To make one: hostwright db dump ${role}`,
    });
  }
  if (wanted === undefined) return latest;
  const exact = found.find(({ name }) => name === wanted);
  const fitting = found.filter(({ name }) => name.startsWith(wanted));
  const [only] = exact ? [exact] : fitting;
  if (only && (exact || fitting.length === 1)) return only;
  throw new UserError({
    message:
      fitting.length > 1
        ? `${fitting.length} dumps of ‘${role}’ begin with ${wanted}: ${fitting.map(({ name }) => name).join(', ')}.`
        : `There is no dump ${wanted} of ‘${role}’; the latest is ${latest.name}.`,
    hint: `Nothing was changed. See what there is: hostwright db list ${role}`,
  });
}

/** What a restore has put aside is for whoever regrets it, by its name: else two restores would undo each other. */
function isOwn({ name }: Dump): boolean {
  return !name.endsWith('-before-restore');
}

interface Question {
  readonly found: readonly Dump[];
  readonly chosen: Dump;
  readonly named: boolean;
  readonly role: string;
}

async function isConfirmed({ context, ask, host, say }: HostRun, question: Question): Promise<boolean> {
  const { found, chosen, named, role } = question;
  if (!context.interactive) {
    throw new UserError({
      message: `The databases of ‘${role}’ on ${host.name} would be replaced, and there is no terminal to ask on.`,
      hint: 'Nothing was changed. Run it with --yes.',
    });
  }
  if (!named && found.length > 1) {
    await say(`Dumps of ${role}, the newest first:`);
    for (const line of tableOf(found)) await say(line);
  }
  return ask.confirm(
    `Replace ${chosen.databases.join(', ')} on ${host.name} by what the dump ${chosen.name} holds?`,
  );
}

async function report(
  { context, host, say }: HostRun,
  { role }: DumpProgram,
  { name }: Dump,
  { safety, databases }: Restored,
): Promise<void> {
  if (context.globals.json)
    return context.json({
      v: 1,
      host: host.name,
      role,
      dump: name,
      databases,
      ...(safety ? { safety } : {}),
    });
  await say(`Restored ${databases.join(', ')} from ${name}.`);
  if (safety)
    await say(`What was there before is kept as ${safety}: hostwright db restore ${role} ${safety}`);
}
