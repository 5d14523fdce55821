import type { RenewalInfo } from './ari.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Times in milliseconds since 1970. */
export interface Lifetime {
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * When a certificate is to be renewed by its lifetime alone: when a third of it is left (half of it for those of ten days and
 * less), up to a hundredth earlier, as hosts that got theirs on the same day are not to ask on the same day again. Pure.
 * @param random from 0 to 1
 */
export function byLifetime({ notBefore, notAfter }: Lifetime, random: number): number {
  const life = notAfter - notBefore;
  const left = life <= 10 * DAY ? life / 2 : life / 3;
  return Math.round(notAfter - left - random * (life / 100));
}

/**
 * A moment in the window that the CA suggests (RFC 9773 section 4.2), chosen once: an earlier choice stays while it lies
 * within. Pure.
 * @param random from 0 to 1
 */
export function byInfo(
  { start, end }: Pick<RenewalInfo, 'start' | 'end'>,
  random: number,
  chosen?: number,
): number {
  if (chosen !== undefined && chosen >= start && chosen <= end) return chosen;
  return Math.round(start + random * (end - start));
}

/**
 * Milliseconds to the next try after failures in a row: a minute, doubled each time, at most a day, a fifth more or
 * less; not before the CA wants to hear of us again. Pure.
 * @param failures at least 1
 * @param random from 0 to 1
 * @param retryAfter seconds
 */
export function backOff(failures: number, random: number, retryAfter = 0): number {
  const plain = Math.min(MINUTE * 2 ** Math.min(failures - 1, 20), DAY);
  return Math.max(plain * (0.8 + 0.4 * random), retryAfter * 1000 * (1 + 0.05 * random));
}
