import { rm, utimes } from 'node:fs/promises';
import { writeWhole } from './files.ts';
import type { CertificatePlaces } from './places.ts';

/** Seconds: whatever happens to what was issued is noticed by then. `certificates-due` takes a day and more for a wrong clock. */
const LONGEST = 6 * 3600;

/**
 * Tells `src/agent/host/certificates-due`, which systemd asks every few minutes, when there is something to do. The file has
 * the time at which the declarations were read: one that is written while the agent works is newer.
 * @param began milliseconds since 1970
 * @param times ISO 8601: when each certificate is to be looked at
 */
export async function writeNext(
  { next }: CertificatePlaces,
  began: number,
  times: readonly string[],
): Promise<void> {
  const latest = began / 1000 + LONGEST * (0.9 + 0.1 * Math.random());
  const seconds = times.map((time) => Date.parse(time) / 1000).filter((time) => !Number.isNaN(time));
  await writeWhole(next, `${Math.ceil(Math.min(latest, ...seconds))}\n`, 0o644);
  // A file system's clock ticks less often than ours.
  const read = began / 1000 - 1;
  await utimes(next, read, read);
}

/** It is to look at the next occasion. */
export function forgetNext({ next }: CertificatePlaces): Promise<void> {
  return rm(next, { force: true });
}
