/** What has to be passed on by the router follows from exposure: no recipe says anything of it. */
import type { PortWish } from '../agent/declared.ts';
import { familyOf, isPrivateAddress } from '../facts/address.ts';
import type { Network } from '../facts/probes/network.ts';
import type { Resource } from '../resources/kind.ts';
import { kind as mapping } from '../resources/mapping.ts';
import { agentResources } from './agent.ts';
import type { ExposedEndpoint, PlanNote, RecipeContext } from './recipe.ts';

/** What the router takes for one role. */
interface MappingParts {
  readonly resources: readonly Resource[];
  readonly after: readonly Resource[];
  readonly notes: readonly Omit<PlanNote, 'role'>[];
}

const NOTHING: MappingParts = { resources: [], after: [], notes: [] };

/** Mappings for a role of `expose: internet` on a host that has an address of its home network only. Pure. */
export function mappingParts(
  context: Pick<RecipeContext<unknown>, 'role' | 'folder' | 'facts' | 'endpoints'>,
): MappingParts {
  const { role, facts, endpoints } = context;
  const ports = portWishes(endpoints.filter((endpoint) => endpoint.role === role));
  if (ports.length === 0 || !isBehindRouter(facts.network)) return NOTHING;
  return {
    resources: agentResources(context, { resident: true }),
    after: [mapping.of({ role, ports: [...ports] })],
    notes: [
      {
        level: 'info',
        text: 'The host asks the router to pass these ports on to it, and keeps that up by itself: hostwright ports list',
      },
    ],
  };
}

/** What of these endpoints the router has to pass on. Pure. */
function portWishes(
  endpoints: readonly Pick<ExposedEndpoint, 'name' | 'protocol' | 'port' | 'lastPort' | 'expose'>[],
): readonly PortWish[] {
  return endpoints
    .filter(({ expose }) => expose === 'internet')
    .map(({ name, protocol, port, lastPort }) => ({
      name,
      protocol,
      port,
      ...(lastPort === undefined || lastPort === port ? {} : { lastPort }),
    }));
}

/** It has IPv4, none of it of the internet, and a router to ask. */
function isBehindRouter({ main, defaultRoutes }: Pick<Network, 'main' | 'defaultRoutes'>): boolean {
  const own = (main?.addresses ?? []).filter(({ address }) => familyOf(address) === 4);
  const hasRouter = defaultRoutes.some(({ family, via }) => family === 4 && via !== undefined);
  return hasRouter && own.length > 0 && own.every(({ address }) => isPrivateAddress(address));
}
