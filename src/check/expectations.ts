import type { ExposedEndpoint, Exposure, PlanNote, ProbeRequest } from '../compose/recipe.ts';
import type { Target } from './surroundings.ts';

/** Where a vantage stands towards the host; with the exposure it decides what must be reachable from it. */
export type Standing = 'self' | 'lan' | 'outside';

/** A vantage with what can be tried from it: only targets that it has a route to. */
export interface PlacedVantage {
  readonly name: string;
  readonly standing: Standing;
  readonly targets: readonly Target[];
}

/** An endpoint of a role, or a port that belongs to no role and is closed to everybody else. */
export type CheckedEndpoint = Omit<ExposedEndpoint, 'expose' | 'prove'> & {
  readonly expose: Exposure | 'closed';
  readonly prove: ProbeRequest;
};

/** One thing to try, and what must come of it. */
export interface Expectation {
  readonly vantage: string;
  readonly standing: Standing;
  readonly endpoint: CheckedEndpoint;
  readonly target: Target;
  readonly expect: 'reachable' | 'blocked';
  /**
   * How "blocked" is proven. `connection`: nothing may open. `content`: the port is open for another role
   * (several sites by name on one port), so this role must not be what answers.
   */
  readonly proof: 'connection' | 'content';
}

/**
 * What must be reachable and what must be blocked, from every vantage. Pure.
 * A role for the host alone listens on the loopback address, so that is where the host itself looks for it.
 */
export function expectations(
  endpoints: readonly CheckedEndpoint[],
  vantages: readonly PlacedVantage[],
): Expectation[] {
  return vantages.flatMap((vantage) =>
    endpoints.flatMap((endpoint) =>
      targetsFor(endpoint, vantage).map((target): Expectation => {
        const allowed = mayReach(endpoint, vantage.standing);
        const shared = endpoints.some(
          (other) => samePort(other, endpoint) && mayReach(other, vantage.standing),
        );
        return {
          vantage: vantage.name,
          standing: vantage.standing,
          endpoint,
          target,
          expect: allowed ? 'reachable' : 'blocked',
          proof: !allowed && shared ? 'content' : 'connection',
        };
      }),
    ),
  );
}

/**
 * Ports that belong to no role and that the plan says are closed, as endpoints.
 * Only TCP: silence on a UDP port proves nothing (RFC 768 has no answer).
 */
export function closedPorts(notes: readonly PlanNote[]): CheckedEndpoint[] {
  return notes.flatMap(({ level, port, role }) =>
    level === 'close' && port?.protocol === 'tcp'
      ? { role, name: `closed-${port.port}`, ...port, expose: 'closed', prove: { probe: 'tcp' } }
      : [],
  );
}

/** Endpoints that can be tried by themselves. */
export function provable(endpoints: readonly ExposedEndpoint[]): CheckedEndpoint[] {
  return endpoints.flatMap(({ prove, ...endpoint }) => (prove === undefined ? [] : { ...endpoint, prove }));
}

/** Who an exposure lets in. */
export function mayReach({ expose }: Pick<CheckedEndpoint, 'expose'>, standing: Standing): boolean {
  if (standing === 'self' || expose === 'internet') return true;
  return expose === 'lan' && standing === 'lan';
}

const LOOPBACK: Target = { address: '127.0.0.1', of: 'host' };

function targetsFor({ expose }: CheckedEndpoint, { standing, targets }: PlacedVantage): readonly Target[] {
  if (standing === 'outside' && expose === 'internet') return targets.filter(({ aside }) => !aside);
  if (standing !== 'self' || expose === 'lan' || expose === 'internet') return targets;
  // Whatever listens on a closed port is nobody's role: whether the host reaches it does not matter.
  return expose === 'host' ? [LOOPBACK] : [];
}

function samePort(one: CheckedEndpoint, other: CheckedEndpoint): boolean {
  return one.port === other.port && one.protocol === other.protocol;
}
