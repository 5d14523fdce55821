import type { HostSession } from '../../apply/session.ts';
import type { Backup } from '../../compose/recipe.ts';
import type { Answer } from '../../connect/root-shell.ts';
import { HostError, UserError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { sh } from '../../quote.ts';
import type { HostRun } from '../host-run.ts';

/** One dump on the host. */
export interface Dump {
  /** `20261122T184530Z`, perhaps with a note behind it. */
  readonly name: string;
  readonly bytes: number;
  readonly databases: readonly string[];
}

/** The dumps of one role, on an open host. */
export interface DumpProgram {
  readonly role: string;
  readonly backup: Backup;
  /** The newest first. */
  list(): Promise<readonly Dump[]>;
  /** @returns its name */
  dump(): Promise<string>;
  /** @param unsaved also where what is there cannot be dumped before */
  restore(name: string, unsaved: boolean): Promise<Restored>;
}

/** What a restore did. */
export interface Restored {
  /** The dump of what was there before; absent when there was nothing. */
  readonly safety?: string;
  readonly databases: readonly string[];
}

/**
 * Where a role's dumps are.
 * @throws {UserError} for a role that the host file does not have, and for one without databases
 */
export function backupOfRole({ roles, file, name: host }: Host, name: string): Backup {
  const role = roles.find((one) => one.name === name);
  const withDumps = roles.filter(({ definition }) => definition.backup).map((one) => one.name);
  const hint =
    withDumps.length > 0
      ? `Roles with databases: ${withDumps.join(', ')}.`
      : 'None of its roles is a database server.';
  if (!role) throw new UserError({ message: `There is no role ‘${name}’ in ${file}.`, hint });
  const backup = role.definition.backup?.({
    role: name,
    host,
    input: role.input,
    expose: role.expose,
    folder: () => {
      throw new Error('A backup depends on no folder.');
    },
  });
  if (backup) return backup;
  throw new UserError({
    message: `The role ‘${name}’ (recipe ${role.recipe}) is no database server: it has no dumps.`,
    at: role.at(),
    hint,
  });
}

/** Connects to the host, and finds the program there. */
export async function openDumps(run: HostRun, role: string, backup: Backup): Promise<DumpProgram> {
  const session = await run.open({ attach: true });
  const call = async (...words: string[]): Promise<string> => {
    const unit = `hostwright-db-${role}`;
    const answer = await session.operate(
      unit,
      sh`[ -x ${backup.program} ] || exit 127
# A role that came back finds its dumps with root, who has kept them.
find ${backup.folder} -xdev -mindepth 1 -user root -execdir chown -h ${`${backup.user}:`} '{}' + || exit 1
exec runuser -u ${backup.user} -- ${backup.program} ${words}`,
    );
    if (answer.status !== 0) throw failure(answer, { role, session, word: words[0] ?? '' });
    return answer.output.toString();
  };
  return {
    role,
    backup,
    list: async () => parseList(await call('list')),
    dump: async () => (await call('dump')).trim(),
    restore: async (name, unsaved) =>
      parseRestored(await call('restore', name, ...(unsaved ? ['unsaved'] : []))),
  };
}

function parseList(output: string): readonly Dump[] {
  return output
    .split('\n')
    .filter((line) => line.includes('\t'))
    .map((line) => {
      const [name = '', bytes = '', databases = ''] = line.split('\t');
      return { name, bytes: Number(bytes), databases: databases.split(' ').filter((one) => one !== '') };
    });
}

function parseRestored(output: string): Restored {
  const words = output.split('\n').map((line) => line.split(' '));
  const safety = words.find(([word]) => word === 'safety')?.[1];
  const databases = words.flatMap(([word, name]) => (word === 'restored' && name ? [name] : []));
  return { ...(safety === undefined ? {} : { safety }), databases };
}

/** systemd-run(1), when the unit of another call is still there. */
const UNIT_IS_THERE = /^Failed to start transient service unit: .*\balready\b/m;

function failure(
  { status, errors }: Answer,
  { role, session, word }: { readonly role: string; readonly session: HostSession; readonly word: string },
): HostError {
  const host = session.host.name;
  const output = errors.trim();
  if (status === 127)
    return new HostError(`The role ‘${role}’ is not on ${host} yet.`, { hint: 'Run: hostwright apply' });
  if (status === 3 || UNIT_IS_THERE.test(output))
    return new HostError(`Another dump or restore of ‘${role}’ is under way on ${host}.`, {
      hint: 'Wait until it has ended, then do this again.',
      output,
    });
  if (status === 4)
    return new HostError(`The database server of ‘${role}’ does not answer on ${host}.`, {
      hint: 'Start it, or see why it does not run: hostwright apply',
      output,
    });
  if (status === 5)
    return new HostError(`A database of ‘${role}’ is incomplete on ${host}.`, {
      hint: `What the host said is above. Once the reason is gone: hostwright db restore ${role}, with the dump that it names`,
      output,
    });
  if (status === 6)
    return new HostError(`The dump was not restored on ${host}: what is there cannot be dumped before.`, {
      hint: 'Nothing was changed. To replace what is damaged all the same: --no-safety-dump',
      output,
    });
  const what = word === 'restore' ? 'The dump was not restored' : 'No dump was made';
  return new HostError(`${what} on ${host}.`, {
    hint: 'What the host said is above.',
    output,
  });
}
