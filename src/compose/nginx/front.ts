import { kind as file } from '../../resources/file.ts';
import type { Resource, ResourceOptions } from '../../resources/kind.ts';
import { hasIpv6 } from './addresses.ts';
import { HTTPS, type NginxContext, SHARED_TLS } from './context.ts';
import { FRONTS } from './neighbours.ts';
import type { Server } from './place.ts';
import { CIPHERS } from './secure.ts';
import { isModernNginx } from './version.ts';

/**
 * What all roles with TLS on the usual port share, the same from each: a server that nobody asks for. It is the first that nginx reads,
 * so that whoever asks by a name that nobody has gets it, and not the certificate of some role, unless a role is marked
 * as the default one. Before it, HTTP/3 has its sockets: only one server may say how they are opened.
 * Beside sites of others on the port nothing is answered for them.
 */
export function front(
  context: NginxContext,
  https: Server | undefined,
  proven: ResourceOptions,
): readonly Resource[] {
  const { facts } = context;
  const { nginx } = facts;
  const [usual, other] = FRONTS;
  const path = nginx.configured && !nginx.readsConfD ? other : usual;
  const write = (content: string) => [file.of({ path, content, owner: 'root', group: 'root' }, proven)];
  // What a role that the host file has lost has left goes in the same run.
  const foreign = (https?.neighbours.foreign ?? []).filter(({ file: of }) => !nginx.written.includes(of));
  const http3 = isModernNginx(facts) && !hasForeignHttp3(context, foreign);
  const alone = nginx.complete && foreign.length === 0;
  if (https?.port !== HTTPS || https.loopback || !(alone || http3)) {
    // What an earlier run wrote would go on turning visitors away, or hold the port.
    const isThere = nginx.servers.some((server) => server.file === path);
    const isNeeded = context.endpoints.some(
      (endpoint) =>
        endpoint.sharedBy === SHARED_TLS && endpoint.port === HTTPS && endpoint.role !== context.role,
    );
    return isThere && (https?.port === HTTPS || !isNeeded) ? write(EMPTY) : [];
  }
  const both = (options: string): readonly string[] => [
    `    listen ${HTTPS} ${options};`,
    ...(hasIpv6(context) ? [`    listen [::]:${HTTPS} ${options};`] : []),
  ];
  const content = `# Made by hostwright for all roles with TLS together. Whoever asks by a name that none of them has is turned away here,
# instead of being shown the certificate of one of them.
server {
${[...(alone ? both('ssl') : []), ...(http3 ? both('quic reuseport') : [])].join('\n')}
    server_name hostwright.invalid;
    # What holds before it is known which name is asked for.
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ${CIPHERS};
    ssl_prefer_server_ciphers off;
    # Where nginx looks for a session that somebody comes back to: it does so before it knows the name.
    ssl_session_cache shared:hostwright_tls:10m;
    ssl_session_timeout 1d;
    ssl_session_tickets off;
    ssl_reject_handshake on;
    access_log off;
    return 421;
}
`;
  return write(content);
}

const EMPTY = '# Made by hostwright. No role of this host needs anything here now.\n';

/** Their server says how the sockets of HTTP/3 are opened. */
export function hasForeignHttp3(
  { facts }: Pick<NginxContext, 'facts'>,
  foreign: Server['neighbours']['foreign'],
): boolean {
  return (
    !facts.nginx.complete ||
    foreign.some(({ listens }) => listens.some(({ quic, port }) => quic && port === HTTPS))
  );
}
