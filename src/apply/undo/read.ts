import { HostError } from '../../errors.ts';
import type { Plan } from '../../plan/plan.ts';
import type { HostSession } from '../session.ts';
import { planRollback } from './plan-rollback.ts';
import { parseRecords, type RunRecord, readRecords } from './records.ts';

/** Reads the records of a host's runs, the newest first. One exchange; writes nothing. */
export async function readRuns(session: Pick<HostSession, 'read'>): Promise<readonly RunRecord[]> {
  const { output, status, errors } = await session.read(readRecords);
  if (status !== 0) throw new HostError('The records of earlier runs could not be read.', { output: errors });
  return parseRecords(output);
}

/**
 * Plans the rollback of a run.
 * @throws {HostError} when there is no such run, or nothing of it to take back.
 */
export async function readRollback(
  session: Pick<HostSession, 'read' | 'host' | 'announce'>,
  run?: string,
): Promise<Plan> {
  const plan = planRollback(session.host.name, await readRuns(session), run);
  session.announce(plan);
  return plan;
}
