import type { RecipeContext } from '../recipe.ts';
import { choose, type TlsChoice } from '../tls/choose.ts';
import type { TlsInput } from '../tls/input.ts';

/** What the input of every role that nginx serves has in common. */
export interface NginxInput {
  readonly port: number;
  readonly domain?: string | undefined;
  readonly aliases: readonly string[];
  readonly tls?: TlsInput;
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

/** The same for ports that speak TLS: a port does so for all of its servers or for none. */
export const SHARED_TLS = 'nginx with TLS';

/** The same for HTTP/3. */
export const SHARED_HTTP3 = 'nginx over HTTP/3';

/** Endpoints with one of these are nginx's. */
const ANY_SHARED: readonly (string | undefined)[] = [SHARED, SHARED_HTTP2, SHARED_TLS, SHARED_HTTP3];

/** Every name that the host file gives a role. */
export function namesOf({ domain, aliases }: Pick<NginxInput, 'domain' | 'aliases'>): readonly string[] {
  return [...new Set([...(domain === undefined ? [] : [domain]), ...aliases])];
}

/** What tells a role from others on its port. */
export function sharedAs(input: Pick<NginxInput, 'domain' | 'aliases'>): readonly string[] {
  return input.domain === undefined ? ['whoever asks by address'] : namesOf(input);
}

/** The host's other roles that nginx serves. */
export function siblingsOf({ role, endpoints }: Pick<NginxContext, 'role' | 'endpoints'>): readonly string[] {
  const served = endpoints.filter(({ sharedBy }) => ANY_SHARED.includes(sharedBy));
  return [...new Set(served.map((endpoint) => endpoint.role))].filter((name) => name !== role);
}

/** Where a role's certificate comes from; it has none on http. */
export function tlsOf({ input, expose }: Pick<NginxContext, 'input' | 'expose'>): TlsChoice {
  return choose({
    tls: input.tls,
    expose,
    names: namesOf(input),
    web: true,
    usualPort: input.port === HTTP,
  });
}

export const HTTP = 80;
export const HTTPS = 443;

/** On which ports a role answers. */
export interface Ports {
  /** Without TLS. */
  readonly http?: number;
  /** What it does there: `redirect` leads to https, and answers whoever proves a name. */
  readonly does: 'serve' | 'redirect';
  readonly https?: number;
  /** HTTP/3 on UDP, where nginx can do it: on the usual port only. */
  readonly http3: boolean;
}

/** With TLS, `port: 80` means the pair that everybody tries, 80 and 443; any other port is that of https. */
export function portsOf(context: Pick<NginxContext, 'input' | 'expose'>): Ports {
  const { port } = context.input;
  const choice = tlsOf(context);
  if (choice.source === 'none') return { http: port, does: 'serve', http3: false };
  if (port === HTTP) return { http: HTTP, does: 'redirect', https: HTTPS, http3: true };
  const proves = choice.source === 'acme' && choice.acme.challenge === 'http';
  return { ...(proves ? { http: HTTP } : {}), does: 'redirect', https: port, http3: false };
}
