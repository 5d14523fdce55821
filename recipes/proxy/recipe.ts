import { webCertificate } from '../../src/compose/nginx/certificate.ts';
import { namesOf } from '../../src/compose/nginx/context.ts';
import { nginxEndpoints } from '../../src/compose/nginx/endpoints.ts';
import { nginxParts } from '../../src/compose/nginx/parts.ts';
import { findPlace } from '../../src/compose/nginx/place.ts';
import { defineRecipe, type ProbeRequest } from '../../src/compose/recipe.ts';
import { kind as directory } from '../../src/resources/directory.ts';
import { kind as file } from '../../src/resources/file.ts';
import { kind as packageKind } from '../../src/resources/package.ts';
import { passwordFile } from './auth.ts';
import { inputs, isGrpc, type ProxyInput } from './inputs.ts';
import { refuseMixedPort, serverConfig } from './server.ts';
import { findUpstream } from './upstream.ts';

export default defineRecipe({
  title: 'Reverse proxy',
  summary: 'Passes requests on to an application, here or on another machine, with nginx.',
  menu: 20,
  inputs,

  endpoints: ({ host, input, expose }) => {
    const hostname = input.domain ?? host;
    return nginxEndpoints(
      { input, expose },
      { hostname, prove: proof(input, hostname), http2Alone: isGrpc(input) },
    );
  },

  names: ({ input }) => namesOf(input),

  resources(context) {
    const { input } = context;
    const upstream = findUpstream(context);
    const place = findPlace(context);
    refuseMixedPort(context, place);
    const { first, before, proven, last, notes } = nginxParts(context, place);
    const passwords = passwordFile(context);
    const certificate = webCertificate(context);
    return {
      resources: [
        ...first,
        ...(upstream.verifiedName === undefined ? [] : [packageKind.of({ name: 'ca-certificates' })]),
        ...(input.cache ? [directory.of({ path: '/var/cache/nginx' })] : []),
        ...(passwords ? [passwords] : []),
        ...(certificate?.resources ?? []),
        ...before,
        file.of({ path: place.path, content: serverConfig(context, place, upstream, certificate) }, proven),
        ...last,
      ],
      after: certificate?.after ?? [],
      notes: [...notes, ...(certificate?.notes ?? []), ...upstream.notes],
    };
  },
});

/** An application may answer whatever it likes; that it is the proxy alone that answers shows in the status. */
function proof(input: ProxyInput, hostname: string): ProbeRequest {
  const mayRefuse = input.allow.length > 0;
  if (isGrpc(input)) return { probe: 'grpc', with: { hostname, mayRefuse, asked: input.auth.length > 0 } };
  const { path, status = 'any' } = input.check;
  // Nobody's password is at hand for a check: that one is asked for is what can be seen.
  const wanted = input.auth.length > 0 ? 401 : status;
  return { probe: 'http', with: { hostname, path, status: wanted, proxied: true, mayRefuse } };
}
