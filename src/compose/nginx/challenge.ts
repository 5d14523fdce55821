import { AGENT } from '../../agent/places.ts';
import { UserError } from '../../errors.ts';
import { kind as file } from '../../resources/file.ts';
import type { Endpoint, Exposure, RecipeResult } from '../recipe.ts';
import { choose, provesByHttp } from '../tls/choose.ts';
import type { TlsInput } from '../tls/input.ts';
import { HTTP, type NginxContext, SHARED, SHARED_TLS } from './context.ts';
import { nginxParts } from './parts.ts';
import { findPlace } from './place.ts';

/** What an endpoint is called on which nothing is served but proofs of names. */
const PROOF = 'acme';

/** Port 80 for a service whose certificate is proven there, and which has nothing else to do with it. */
export function challengeEndpoints(wish: {
  readonly tls: TlsInput;
  readonly expose: Exposure;
}): readonly Endpoint[] {
  if (!provesByHttp(choose({ ...wish, names: [], web: false }))) return [];
  return [{ name: PROOF, protocol: 'tcp', port: HTTP, sharedBy: SHARED, sharedAs: [] }];
}

/**
 * Where the names of a service's certificate are proven: by the roles that nginx serves under them on port 80, and for names
 * that none of them has by a server of nginx that does nothing else. Nothing for a role that nginx itself serves.
 * @throws {UserError} where the host has no role that nginx serves
 */
export function challengeServer(
  context: Omit<NginxContext, 'input'>,
  names: readonly string[],
): Required<Pick<RecipeResult, 'after' | 'notes'>> {
  const { role, endpoints } = context;
  const isWeb = endpoints.some((one) => one.role === role && one.sharedBy === SHARED_TLS);
  if (isWeb) return { after: [], notes: [] };
  const web = endpoints.filter((one) => one.role !== role && one.sharedBy === SHARED && one.name !== PROOF);
  if (web.length === 0)
    throw new UserError({
      message: `‘${role}’ is to prove its name on port 80, and no role of this host has nginx serve anything there.`,
      hint: 'Prove the name by DNS: tls: { acme: letsencrypt, challenge: dns } (or with server and key, or hook). Or add a site or a proxy.',
    });
  const answered = web.filter(({ port }) => port === HTTP).flatMap(({ sharedAs = [] }) => sharedAs);
  const [domain, ...aliases] = names.filter((name) => !answered.includes(name));
  if (domain === undefined) return { after: [], notes: [] };
  const place = findPlace({ ...context, input: { port: HTTP, domain, aliases, tls: 'none' } });
  const { proven } = nginxParts({ ...context, input: { port: HTTP, domain, aliases } }, place);
  const content = `# Made by hostwright for the role "${role}": where it is proven that its names lead here.
server {
${(place.http?.listens ?? []).map(({ address }) => `    listen ${address};`).join('\n')}
    server_name ${[domain, ...aliases].join(' ')};
    server_tokens off;
    access_log off;
    location ^~ /.well-known/acme-challenge/ {
        alias ${AGENT.challenges}/;
        default_type text/plain;
    }
    location / {
        return 404;
    }
}
`;
  return {
    after: [file.of({ path: place.path, content, owner: 'root', group: 'root' }, proven)],
    notes: place.notes,
  };
}
