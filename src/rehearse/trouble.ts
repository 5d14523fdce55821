import { setTimeout as pause } from 'node:timers/promises';
import type { Report } from '../check/report.ts';
import { ConnectError } from '../errors.ts';

/** Milliseconds in which everything has to be reachable again. */
const PATIENCE = 60_000;
/** Milliseconds between the end of a check and the next one. */
const AGAIN = 1_000;

/** How it went. */
export interface Overcome {
  /** The last report: a good one, or the one after which there was no time left. */
  readonly after: Report;
  /** Since the trouble began, to the end of that report. */
  readonly seconds: number;
}

/**
 * Lets something happen and checks until everybody reaches again what they should, for a minute.
 * @param during opens a session with the machine for what it is given, which is told how to check over it; may be refused a
 *   connection in the middle of trouble
 * @throws {ConnectError} when the machine cannot be reached any more
 */
export async function overcome(
  happen: () => Promise<void>,
  during: (work: (check: () => Promise<Report>) => Promise<Report>) => Promise<Report>,
): Promise<Overcome> {
  const began = performance.now();
  const lasted = (): number => performance.now() - began;
  await happen();
  for (;;) {
    try {
      const after = await during((check) => untilGood(check, lasted));
      return { after, seconds: Math.round(lasted() / 1000) };
    } catch (error) {
      if (!(error instanceof ConnectError) || lasted() >= PATIENCE) throw error;
    }
    await pause(AGAIN);
  }
}

async function untilGood(check: () => Promise<Report>, lasted: () => number): Promise<Report> {
  for (;;) {
    const report = await check();
    if (report.ok || lasted() >= PATIENCE) return report;
    await pause(AGAIN);
  }
}
