import type { HostSession } from '../apply/session.ts';
import { HostError, UserError } from '../errors.ts';
import type { Shell } from '../quote.ts';
import { parseDetail } from './detail.ts';
import { parseJournal } from './parse.ts';
import type { Journal, JournalDetail } from './run.ts';
import { listScript, showScript } from './scripts.ts';

/** Most runs that are read at once. */
export const MOST_RUNS = 1_000;

/**
 * Reads the newest runs of a host's journal in one exchange. Writes nothing.
 * @throws {ConnectError} when the connection is lost.
 */
export async function readJournal(session: Pick<HostSession, 'read'>, limit: number): Promise<Journal> {
  return parseJournal(await read(session, listScript(Math.min(limit, MOST_RUNS))));
}

/**
 * Reads one run, with what it changed, in one exchange. Writes nothing.
 * @param wanted the beginning of its id, or `last`
 * @throws {UserError} when `wanted` cannot be one.
 * @throws {HostError} when no run, or more than one, is meant.
 */
export async function readRun(session: Pick<HostSession, 'read'>, wanted: string): Promise<JournalDetail> {
  if (!/^[0-9A-Za-z][0-9A-Za-z.-]*$/.test(wanted)) {
    throw new UserError({
      message: `${wanted} is no run.`,
      hint: 'Write `last`, or the beginning of an id that `hostwright runs` shows.',
    });
  }
  return parseDetail(await read(session, showScript(wanted)), wanted);
}

async function read(session: Pick<HostSession, 'read'>, script: Shell): Promise<Buffer> {
  const { output, status, errors } = await session.read(script);
  if (status !== 0)
    throw new HostError('The journal of the host could not be read.', { output: errors.trim() });
  return output;
}
