import { familyOf, isLoopback } from '../facts/address.ts';
import { type AgentView, orderFailure, type RouterCause, routerCause } from './agent-view.ts';
import type { RawResult } from './attempt.ts';
import { type CauseId, fixFor } from './causes.ts';
import type { Expectation } from './expectations.ts';
import type { Result } from './report.ts';

/** A result with the expectation that it answers. */
export interface Tried {
  readonly expectation: Expectation;
  readonly result: RawResult;
}

/**
 * Says of each failure why, what to do, and which other failure explains it, so that one fault is told once. Pure.
 * The host's own view comes first: what it cannot reach itself, nobody else can. `agent`: what the agent there knows.
 */
export function diagnose(tried: readonly Tried[], agent: AgentView = {}): Result[] {
  const host = hostAddress(tried);
  const heads = new Map<string, string>();
  return tried.map((one) => {
    const { result } = one;
    if (result.ok) return result.expect === 'blocked' ? withEvidence(one, tried) : result;
    const { cause, detail } = narrowed(one, tried, agent);
    const because = explanation(one, tried) ?? sameFault(one, cause, heads);
    const fix = fixFor(cause, { ...result, host, ...(detail === undefined ? {} : { detail }) });
    return { ...result, cause, fix, ...(because === undefined ? {} : { because }) };
  });
}

/** Causes that lie in the vantage, whatever was tried from there. */
const OF_VANTAGE: ReadonlySet<CauseId> = new Set(['forwarding-prohibited', 'probe-failed']);

/** The first result with the same fault: the same port open at three addresses is one gap, not three. */
function sameFault(
  { expectation, result }: Tried,
  cause: CauseId,
  heads: Map<string, string>,
): string | undefined {
  const { vantage, role, endpoint, expect } = result;
  const fault = OF_VANTAGE.has(cause)
    ? [cause, vantage]
    : [cause, role, endpoint, expect, expectation.standing === 'self' ? 'self' : 'others'];
  const key = fault.join(' ');
  const head = heads.get(key);
  if (head === undefined) heads.set(key, result.id);
  return head;
}

/** The address by which a person knows the host: IPv4, since that is what routers ask for. */
function hostAddress(tried: readonly Tried[]): string {
  const own = tried.filter(
    ({ expectation: { standing, target } }) => standing !== 'outside' && target.of === 'host',
  );
  const addresses = own.map(({ result: { address } }) => address).filter((address) => !isLoopback(address));
  return addresses.find((address) => familyOf(address) === 4) ?? addresses[0] ?? 'the host';
}

/** From a machine that is itself cut off everything looks closed, so a closed port needs a sign of life beside it. */
function withEvidence({ result }: Tried, all: readonly Tried[]): Result {
  const open = all.find(
    (other) =>
      other.result.vantage === result.vantage &&
      other.result.address === result.address &&
      other.result.expect === 'reachable' &&
      other.result.ok,
  );
  const peer = result.vantage !== 'here';
  const detail = open
    ? `${result.vantage} does reach port ${open.result.port} there, so the way is open`
    : peer
      ? `${result.vantage} itself is up: it was logged in to for this test`
      : 'nothing else was tried from here at this address';
  return { ...result, steps: [...result.steps, { name: 'evidence', ok: true, detail }] };
}

function narrowed({ expectation, result }: Tried, all: readonly Tried[], agent: AgentView): RouterCause {
  const cause = result.cause ?? 'probe-failed';
  if (expectation.expect === 'blocked') return { cause };
  if (cause === 'tls-untrusted' || cause === 'tls-expired') {
    const detail = orderFailure(expectation.endpoint.role, agent);
    return { cause, ...(detail === undefined ? {} : { detail }) };
  }
  const silent = cause === 'timeout' || cause === 'refused' || cause === 'no-route';
  if (!silent) return { cause };
  const { standing, target } = expectation;
  if (standing !== 'self' && target.of === 'router')
    return routerCause(expectation.endpoint, target.address, agent);
  return { cause: ofHost(cause, expectation, all) };
}

/** Why the host's own address does not answer. */
function ofHost(
  cause: 'timeout' | 'refused' | 'no-route',
  expectation: Expectation,
  all: readonly Tried[],
): CauseId {
  const { standing, target } = expectation;
  if (standing === 'self') return cause === 'refused' ? 'service-not-listening' : cause;
  const fromSelf = own(expectation, all);
  const selfAnswers = fromSelf.length > 0 && fromSelf.every(({ result: { ok } }) => ok);
  if (!selfAnswers) return cause;
  const someLan = all.some(
    (one) => one.expectation.standing === 'lan' && sameEndpoint(one, expectation) && one.result.ok,
  );
  if (standing === 'outside' && someLan && target.address.includes(':')) return 'router-blocks-ipv6';
  return cause === 'timeout' ? 'firewall-drops' : cause;
}

/** The failure of the host's own test of the same endpoint; at the same address, if that was tried. */
function explanation({ expectation, result }: Tried, all: readonly Tried[]): string | undefined {
  if (expectation.expect === 'blocked' || expectation.standing === 'self') return undefined;
  const failed = own(expectation, all).filter(({ result: { ok } }) => !ok);
  const same = failed.find(({ result: { address } }) => address === result.address);
  return (same ?? (expectation.target.of === 'router' ? failed[0] : undefined))?.result.id;
}

function own(expectation: Expectation, all: readonly Tried[]): Tried[] {
  const mine = all.filter((one) => one.expectation.standing === 'self' && sameEndpoint(one, expectation));
  const there = mine.filter((one) => one.result.address === expectation.target.address);
  return there.length > 0 ? there : mine;
}

function sameEndpoint({ expectation }: Tried, { endpoint }: Expectation): boolean {
  return expectation.endpoint.role === endpoint.role && expectation.endpoint.name === endpoint.name;
}
