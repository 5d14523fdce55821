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
 * @param check may be refused a connection, in the middle of trouble
 * @throws {ConnectError} when the machine cannot be reached any more
 */
export async function overcome(happen: () => Promise<void>, check: () => Promise<Report>): Promise<Overcome> {
  const began = performance.now();
  await happen();
  for (;;) {
    const report = await check().catch((error: unknown) => {
      if (error instanceof ConnectError && performance.now() - began < PATIENCE) return undefined;
      throw error;
    });
    const lasted = performance.now() - began;
    if (report && (report.ok || lasted >= PATIENCE))
      return { after: report, seconds: Math.round(lasted / 1000) };
    await pause(AGAIN);
  }
}
