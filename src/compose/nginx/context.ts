import type { RecipeContext } from '../recipe.ts';

/** What the input of every role that nginx serves has in common. */
export interface NginxInput {
  readonly port: number;
  readonly domain?: string | undefined;
  readonly aliases: readonly string[];
}

/** What nginx's place for a role depends on: the part of a recipe's context that has nothing to do with the recipe. */
export type NginxContext = Pick<
  RecipeContext<NginxInput>,
  'role' | 'host' | 'input' | 'expose' | 'facts' | 'network' | 'endpoints' | 'others'
>;

/** `sharedBy` of endpoints that nginx serves: by name they share a port, whatever their recipes. */
export const SHARED = 'nginx';

/** The same for ports that speak HTTP/2 alone: before nginx 1.25.1 a port does so for all of its servers or for none. */
export const SHARED_HTTP2 = 'nginx over HTTP/2';

/** Every name that the host file gives a role. */
export function namesOf({ domain, aliases }: Omit<NginxInput, 'port'>): readonly string[] {
  return [...new Set([...(domain === undefined ? [] : [domain]), ...aliases])];
}

/** What tells a role from others on its port. */
export function sharedAs(input: Omit<NginxInput, 'port'>): readonly string[] {
  return input.domain === undefined ? ['whoever asks by address'] : namesOf(input);
}

/** The host's other roles that nginx serves. */
export function siblingsOf({ role, endpoints }: Pick<NginxContext, 'role' | 'endpoints'>): readonly string[] {
  const served = endpoints.filter(({ sharedBy }) => sharedBy === SHARED || sharedBy === SHARED_HTTP2);
  return [...new Set(served.map((endpoint) => endpoint.role))].filter((name) => name !== role);
}
