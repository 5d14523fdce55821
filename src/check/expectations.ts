import type { ExposedEndpoint } from '../compose/recipe.ts';
import type { Target } from './surroundings.ts';

/** Where a vantage stands towards the host; with the exposure it decides what must be reachable from it. */
export type Standing = 'self' | 'lan' | 'outside';

/** A vantage with what can be tried from it: only targets that it has a route to. */
export interface PlacedVantage {
  readonly name: string;
  readonly standing: Standing;
  readonly targets: readonly Target[];
}

/** One thing to try, and what must come of it. */
export interface Expectation {
  readonly vantage: string;
  readonly standing: Standing;
  readonly endpoint: ExposedEndpoint;
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
  endpoints: readonly ExposedEndpoint[],
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

/** Who an exposure lets in. */
export function mayReach({ expose }: Pick<ExposedEndpoint, 'expose'>, standing: Standing): boolean {
  if (standing === 'self' || expose === 'internet') return true;
  return expose === 'lan' && standing === 'lan';
}

const LOOPBACK: Target = { address: '127.0.0.1', of: 'host' };

function targetsFor({ expose }: ExposedEndpoint, { standing, targets }: PlacedVantage): readonly Target[] {
  return standing === 'self' && expose === 'host' ? [LOOPBACK] : targets;
}

function samePort(one: ExposedEndpoint, other: ExposedEndpoint): boolean {
  return one.port === other.port && one.protocol === other.protocol;
}
