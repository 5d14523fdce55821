import type { Endpoint, EndpointContext, ProbeRequest } from '../recipe.ts';
import { tlsProof } from '../tls/proof.ts';
import {
  type NginxInput,
  namesOf,
  portsOf,
  SHARED,
  SHARED_HTTP2,
  SHARED_HTTP3,
  SHARED_TLS,
  sharedAs,
  tlsOf,
} from './context.ts';
import { isModernNginx } from './version.ts';

/** What a role shows on each of its ports. */
export interface Shown {
  /** Over http or https; `tls` is added to it. */
  readonly prove: ProbeRequest;
  /** The name to ask by. */
  readonly hostname: string;
  /** Every port speaks HTTP/2 alone where it has no TLS, which is where both sides agree on a protocol. */
  readonly http2Alone?: boolean;
}

/** The endpoints of a role that nginx serves. */
export function nginxEndpoints(
  { input, expose }: Pick<EndpointContext<NginxInput>, 'input' | 'expose'>,
  { prove, hostname, http2Alone = false }: Shown,
): readonly Endpoint[] {
  const { http, does, https, http3 } = portsOf({ input, expose });
  const shared = sharedAs(input);
  const name = http2Alone ? 'grpc' : 'http';
  const plain: readonly Endpoint[] =
    http === undefined
      ? []
      : does === 'serve'
        ? [
            {
              name,
              protocol: 'tcp',
              port: http,
              sharedBy: http2Alone ? SHARED_HTTP2 : SHARED,
              sharedAs: shared,
              prove,
            },
          ]
        : [
            {
              name: 'http',
              protocol: 'tcp',
              port: http,
              sharedBy: SHARED,
              sharedAs: shared,
              prove: {
                probe: 'http',
                with: { hostname, redirectsTo: `https://${hostname}${portOf(https)}/` },
              },
            },
          ];
  const choice = tlsOf({ input, expose });
  if (https === undefined || choice.source === 'none') return plain;
  const named = namesOf(input);
  // Self-signed ones are for the host's own name too.
  const proof = tlsProof(choice, choice.source === 'acme' ? named : [hostname]);
  return [
    ...plain,
    {
      name: http2Alone ? 'grpcs' : 'https',
      protocol: 'tcp',
      port: https,
      sharedBy: SHARED_TLS,
      sharedAs: shared,
      prove: { ...prove, with: { ...prove.with, tls: proof } },
    },
    ...(http3
      ? [
          {
            name: 'http3',
            protocol: 'udp' as const,
            port: https,
            sharedBy: SHARED_HTTP3,
            sharedAs: shared,
            prove: { probe: 'quic', with: { hostname } },
            when: isModernNginx,
          },
        ]
      : []),
  ];
}

function portOf(https: number | undefined): string {
  return https === undefined || https === 443 ? '' : `:${https}`;
}
