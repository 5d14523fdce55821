import { isDeepStrictEqual } from 'node:util';
import { type Composition, compose } from '../../compose/compose.ts';
import type { PlanNote } from '../../compose/recipe.ts';
import { HostError, UserError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import type { Plan } from '../../plan/plan.ts';
import type { HostSession } from '../session.ts';
import { noted } from './changes.ts';
import { planRemove } from './plan-remove.ts';
import { isUndoable, planRollback, rollbackDone, type UndoPlan } from './plan-rollback.ts';
import { packagesOf, readPreview, withPreview } from './preview.ts';
import { parseRecords, type RunRecord, readRecords } from './records.ts';
import { placeOf } from './undo-step.ts';

/** Reads the records of a host's runs, the newest first. One exchange; writes nothing. */
export async function readRuns(session: Pick<HostSession, 'read'>): Promise<readonly RunRecord[]> {
  const { output, status, errors } = await session.read(readRecords);
  if (status !== 0) throw new HostError('The records of earlier runs could not be read.', { output: errors });
  return parseRecords(output);
}

/** What to take off: one role, or everything. */
export interface RemovalRequest {
  /** The host as its file says; the session is one of the host without the role. */
  readonly host: Host;
  /** Absent: everything, and hostwright itself. */
  readonly role?: string;
  readonly purgeData: boolean;
}

/**
 * Plans to take a role off, and what only it needed. What the roles that stay declare as well stays; where they change
 * because it goes (the firewall closes its port), that is part of the plan.
 * @throws {UserError} when neither the host file nor the host knows the role.
 */
export async function readRemoval(
  session: Pick<HostSession, 'read' | 'announce' | 'composition' | 'facts' | 'planPart' | 'world'>,
  { host, role, purgeData }: RemovalRequest,
): Promise<Plan> {
  const records = await readRuns(session);
  const request = { host: host.name, records, purgeData };
  const undo =
    role === undefined
      ? planRemove({ ...request, goes: () => true, all: true })
      : await planRole(session, {
          ...request,
          role,
          full: compose(host, session.facts, { closeUnlisted: false, ...session.world }),
        });
  return preview(session, undo, purgeData);
}

/** "Remove /var/www/blog" must frighten nobody whose pictures are in it, unless it should. */
function data(purged: boolean): PlanNote {
  return purged
    ? noted('With --purge-data, what was made since is deleted as well.', 'warning')
    : noted(
        'What hostwright did not put there is never deleted: it stays, or is put aside and its place named.',
      );
}

/** One more exchange, for what a person wants to see before it is done. */
async function preview(
  session: Pick<HostSession, 'read' | 'announce'>,
  { plan, undoings }: UndoPlan,
  purgeData = false,
): Promise<Plan> {
  const places = undoings.map(placeOf);
  const { output, status, errors } = await session.read(readPreview(places, packagesOf(plan)));
  if (status !== 0) throw new HostError('What would be put back could not be read.', { output: errors });
  const previewed = withPreview(plan, places, output);
  const seen =
    undoings.length === 0 ? previewed : { ...previewed, notes: [...previewed.notes, data(purgeData)] };
  session.announce(seen);
  return seen;
}

async function planRole(
  { composition, planPart }: Pick<HostSession, 'composition' | 'planPart'>,
  { host, records, purgeData, role, full }: RoleRemoval,
): Promise<UndoPlan> {
  const stays = new Map(composition.resources.map(({ resource }) => [resource.id, resource]));
  const declared = new Set(full.resources.map(({ resource }) => resource.id).filter((id) => !stays.has(id)));
  const made = records.some(({ changes }) => changes.some((change) => change.role === role));
  if (declared.size === 0 && !made) {
    throw new UserError({
      message: `There is no role ‘${role}’, neither in the host file nor on the host.`,
      hint: 'Nothing was changed. `hostwright status` lists the roles.',
    });
  }
  const before = new Map(full.resources.map(({ resource }) => [resource.id, resource.spec]));
  // A role that the host file no longer has: what it opened can only be seen on the host.
  const dropped = declared.size === 0;
  const follow = await planPart(({ resource }) =>
    dropped ? resource.guarded : !isDeepStrictEqual(before.get(resource.id), resource.spec),
  );
  const goes = (id: string, of: string): boolean => !stays.has(id) && (of === role || declared.has(id));
  return planRemove({ host, records, goes, follow, all: false, purgeData });
}

interface RoleRemoval {
  readonly host: string;
  readonly records: readonly RunRecord[];
  readonly purgeData: boolean;
  readonly role: string;
  /** What the host file comes to with the role. */
  readonly full: Composition;
}

/**
 * Plans to take back every run that a host still knows.
 * @returns undefined when there is none.
 */
export async function readRollbackOfAll(
  session: Pick<HostSession, 'read' | 'host' | 'announce'>,
): Promise<Plan | undefined> {
  const records = await readRuns(session);
  const oldest = records.filter(isUndoable).at(-1);
  return oldest && preview(session, planRollback(session.host.name, records, oldest.id));
}

/**
 * Plans the rollback of a run. Where it was going on already and has been followed to its end, nothing is left: who calls
 * `rollback` again after the connection was lost must not lose a run more.
 * @throws {HostError} when there is no such run, or nothing of it to take back.
 */
export async function readRollback(
  session: Pick<HostSession, 'read' | 'host' | 'announce' | 'followed'>,
  run?: string,
): Promise<Plan> {
  const records = await readRuns(session);
  const done = rollbackDone(session.host.name, records, session.followed, run);
  if (!done) return preview(session, planRollback(session.host.name, records, run));
  session.announce(done);
  return done;
}
