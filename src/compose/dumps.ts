/**
 * Dumps of a database role: every night by a timer, and by `hostwright db dump` at any time. What they are is the same
 * for every database server: one program on the host, one folder a dump, one file a database in it. The recipe brings
 * the few functions that know the server.
 */
import { z } from 'zod';
import { kind as directory } from '../resources/directory.ts';
import { kind as file } from '../resources/file.ts';
import type { Resource } from '../resources/kind.ts';
import { kind as service } from '../resources/service.ts';
import { type DumpFunctions, dumpProgram } from './dumps/program.ts';
import { dumpService, dumpTimer } from './dumps/units.ts';
import type { Backup } from './recipe.ts';

const ROOT = '/var/backups/hostwright-db';

/** What a role's dumps are; the same for its `backup` and its `resources`. */
export interface Dumps {
  readonly role: string;
  /** The account that the program runs as, which owns the dumps: the server's own, or `root`. */
  readonly user: string;
  /** Names of the databases: small letters, digits and underscores. */
  readonly databases: readonly string[];
}

/** What the resources need besides. */
export interface DumpSettings extends Dumps {
  /** For people, in units and messages: `PostgreSQL`. */
  readonly title: string;
  /** The server's unit, with its suffix. */
  readonly unit: string;
  /** Days for which dumps are kept. */
  readonly keepDays: number;
  readonly functions: DumpFunctions;
}

/** The input `dumps` of a database recipe. */
export function dumpsInput() {
  return z
    .strictObject({
      keepDays: z.number().int().min(1).max(3650).default(14).meta({
        help: 'Dumps older than this many days are deleted once a newer one has been made.',
      }),
    })
    .prefault({})
    .meta({
      help: 'A dump is made every night. hostwright db dump makes one at once, hostwright db restore puts one back.',
    });
}

/** For `Recipe.backup`. */
export function backupOf({ role, user, databases }: Dumps): Backup {
  return { program: programPath(role), user, folder: `${ROOT}/${role}`, databases };
}

/** The program, its folder, and the timer that starts it every night. After the server in the list of resources. */
export function dumpResources(settings: DumpSettings): readonly Resource[] {
  const { role, user } = settings;
  const unit = `hostwright-dump-${role}`;
  const folder = `${ROOT}/${role}`;
  return [
    directory.of({ path: ROOT, mode: '0755' }),
    directory.of({ path: folder, mode: '0700', owner: user, group: user }),
    directory.of({ path: '/usr/local/lib/hostwright', mode: '0755' }),
    file.of({ path: programPath(role), mode: '0755', content: dumpProgram({ ...settings, folder }) }),
    file.of({
      path: `/etc/systemd/system/${unit}.service`,
      content: dumpService({ ...settings, folder, program: programPath(role) }),
    }),
    file.of(
      { path: `/etc/systemd/system/${unit}.timer`, content: dumpTimer(settings) },
      { notify: [{ service: `${unit}.timer`, action: 'restart' }] },
    ),
    service.of({ name: `${unit}.timer` }),
  ];
}

function programPath(role: string): string {
  return `/usr/local/lib/hostwright/dump-${role}`;
}
