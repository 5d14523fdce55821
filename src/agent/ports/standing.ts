import { PROTOCOL_NAMES } from '../../router/names.ts';
import type { MapOutcome, RouterProtocol } from '../../router/router.ts';
import type { PortVerdict } from '../declared.ts';

/** How one port stands, and when it is looked after next. */
export interface Standing {
  readonly verdict: PortVerdict;
  /** Milliseconds since 1970. */
  readonly due: number;
  /** Failures in a row. */
  readonly failures: number;
}

/** Milliseconds: what a router refuses is asked for again, first and at most; a port that may be our former address's; a lasting lease. */
const FIRST = 5_000;
const LONGEST = 10 * 60_000;
const FORMER = 5_000;
const LASTING = 10 * 60_000;

/**
 * What follows from a router's answer. Pure.
 * @param recently this host had another address until a short while ago
 */
export function standingAfter(
  outcome: Exclude<MapOutcome, { readonly is: 'silent' }>,
  { failures = 0 }: Partial<Standing>,
  { now, recently }: { readonly now: number; readonly recently: boolean },
): Standing {
  if (outcome.is === 'mapped') {
    const { lifetime } = outcome;
    // At a third, so that two renewals may be lost (RFC 6886 3.3 renews at half).
    const due = now + (lifetime === 0 ? LASTING : (lifetime * 1000) / 3);
    return { verdict: { state: 'mapped' }, due, failures: 0 };
  }
  const wait = recently ? FORMER : Math.min(LONGEST, FIRST * 2 ** Math.min(failures, 10));
  const { detail } = outcome;
  const verdict: PortVerdict =
    outcome.is === 'taken'
      ? { state: 'taken', ...(outcome.by === undefined ? {} : { by: outcome.by }), detail }
      : { state: 'refused', detail };
  return { verdict, due: now + wait, failures: failures + 1 };
}

/** How a port stands, for the log and for whoever waits; plain words on one line. Pure. */
export function lineOf(
  what: string,
  verdict: PortVerdict,
  { router, protocol }: { readonly router?: string; readonly protocol?: RouterProtocol },
): string {
  const who = router === undefined ? 'the router' : `the router ${router}`;
  switch (verdict.state) {
    case 'mapped':
      return `${what}: ${who} passes it on${protocol === undefined ? '' : ` (${PROTOCOL_NAMES[protocol]})`}`;
    case 'not-needed':
      return `${what}: needs no router, the host has an address of the internet`;
    case 'taken':
      return `${what}: ${who} passes it on to ${verdict.by ?? 'another machine'} already, which is left alone: ${verdict.detail}`;
    case 'refused':
      return `${what}: ${who} refuses: ${verdict.detail}`;
    case 'no-router':
      return `${what}: ${verdict.detail} What to type in on its page: hostwright ports list`;
  }
}
