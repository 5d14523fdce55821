import type { Place } from '../../src/compose/nginx/place.ts';
import { secureData } from '../../src/compose/nginx/secure.ts';
import { isModernNginx } from '../../src/compose/nginx/version.ts';
import type { RoleCertificate } from '../../src/compose/tls/certificate.ts';
import { UserError } from '../../src/errors.ts';
import { inNetwork } from '../../src/facts/address.ts';
import { passwordPath } from './auth.ts';
import { isGrpc, type ProxyContext } from './inputs.ts';
import type { Upstream } from './upstream.ts';

const LOOPBACK = ['127.0.0.0/8', '::1/128'];

/** The text of a proxy's server block, and of all that belongs to it alone. */
export function serverConfig(
  context: ProxyContext,
  place: Place,
  upstream: Upstream,
  certificate: RoleCertificate | undefined,
): string {
  const { role, input, template } = context;
  const { scheme, servers, lookUp } = upstream;
  // Names of roles have no underscore, so two roles never come to the same.
  const variable = `hostwright_${role.replaceAll('-', '_')}`;
  const grpc = scheme.startsWith('grpc');
  const modern = isModernNginx(context.facts);
  const several = servers.length > 1;
  const secure = secureData(context, place, certificate);
  const { allow: guard = [] } = place.https ?? place.http ?? {};
  const { allow, guarded } = admittedTo(input.allow, guard);
  return template('server.conf', {
    role,
    variable,
    log: `/var/log/nginx/${role}.access.log`,
    ...secure,
    // Without TLS, where both sides agree on a protocol, the port speaks nothing else.
    ...(grpc && !secure.secure
      ? {
          listens: secure.listens.map((listen) => ({ ...listen, http2: !modern })),
          http2Directive: modern,
        }
      : {}),
    grpc,
    protocol: scheme,
    servers: lookUp ? [] : servers.map((address) => ({ address, counted: several })),
    several,
    tries: Math.min(servers.length, 4),
    lookUp: lookUp?.name ?? '',
    lookUpPort: lookUp?.port ?? 0,
    resolvers: lookUp?.resolvers ?? [],
    trust: input.trust,
    scheme: input.trust.length > 0 ? `${variable}_scheme` : 'scheme',
    allow,
    guarded,
    limited: input.limit !== undefined,
    perSecond: input.limit?.perSecond ?? 0,
    burst: input.limit?.burst ?? 0,
    auth: input.auth.length > 0 ? passwordPath(role) : '',
    uploadMiB: input.uploadMiB === 0 ? '' : `${input.uploadMiB}`,
    streamUploads: input.streamUploads,
    hostHeader: upstream.hostHeader ?? '',
    tls: scheme.endsWith('s'),
    tlsName: upstream.hostHeader ?? lookUp?.name ?? '',
    verified: upstream.verifiedName !== undefined,
    timeout: input.timeoutSeconds,
    streaming: input.streaming,
    cached: input.cache !== undefined,
    cacheSeconds: input.cache?.seconds ?? 0,
    cacheMiB: input.cache?.maxMiB ?? 0,
  });
}

/** Whom nginx lets in: who is in the list and is one of those that the exposure means, where nginx has to see to that. */
function admittedTo(
  list: readonly string[],
  guard: readonly string[],
): { allow: readonly string[]; guarded: boolean } {
  if (list.length === 0) return { allow: guard, guarded: guard.length > 0 };
  const listed = [...LOOPBACK, ...list];
  if (guard.length === 0) return { allow: [...new Set(listed)], guarded: false };
  const ranges = guard.map((range) =>
    range.includes('/') ? range : `${range}/${range.includes(':') ? 128 : 32}`,
  );
  const narrower = listed.flatMap((one) =>
    ranges.flatMap((other) => (isWithin(one, other) ? [one] : isWithin(other, one) ? [other] : [])),
  );
  return { allow: [...new Set(narrower)], guarded: true };
}

function isWithin(inner: string, outer: string): boolean {
  const [address = '', bits = ''] = inner.split('/');
  return inNetwork(address, outer) && Number(bits) >= Number(outer.split('/')[1]);
}

/** @throws {UserError} where gRPC would have to share its port with somebody who speaks HTTP/1.1. */
export function refuseMixedPort({ role, input, facts }: ProxyContext, { path, https }: Place): void {
  if (!isGrpc(input) || https) return;
  const other = facts.nginx.servers.find(
    ({ file, listens }) =>
      file !== path && !file.includes('hostwright') && listens.some(({ port }) => port === input.port),
  );
  if (!other || facts.nginx.written.includes(other.file)) return;
  throw new UserError({
    message: `‘${role}’ needs port ${input.port} for HTTP/2 alone, and nginx on the host already serves web pages there: ${other.file}, line ${other.line}.`,
    hint: 'Give it another port, such as 50051.',
  });
}
