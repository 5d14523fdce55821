import { AGENT } from '../../agent/places.ts';
import type { RoleCertificate } from '../tls/certificate.ts';
import { provesByHttp } from '../tls/choose.ts';
import { HTTP, HTTPS, type NginxContext, SHARED_TLS, tlsOf } from './context.ts';
import { listensOn } from './neighbours.ts';
import type { Place, Server } from './place.ts';
import { isModernNginx } from './version.ts';

/** For TLS 1.2, those with forward secrecy and authenticated encryption: Mozilla’s guideline 5.7, intermediate, without DHE. */
export const CIPHERS: string = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** What the template of a role that nginx serves is given about its servers. */
export interface SecureData {
  /** Of the server that shows the role. */
  readonly listens: readonly (Listen & { readonly ssl: boolean; readonly http2: boolean })[];
  readonly names: readonly string[];
  /** The folder with answers for an authority, where this role's port 80 has to show them; else empty. */
  readonly challenges: string;
  /** A server on port 80 leads from http to https: */
  readonly redirect: boolean;
  readonly redirectListens: readonly Listen[];
  readonly redirectNames: readonly string[];
  /** `:8443`; empty for the usual one. */
  readonly redirectPort: string;
  /** The role has TLS: */
  readonly secure: boolean;
  readonly certificate: string;
  readonly key: string;
  readonly ciphers: string;
  /** HTTP/2 as a directive; before nginx 1.25.1 it is a parameter of `listen`. */
  readonly http2Directive: boolean;
  /** Addresses for HTTP/3; empty: none. `options` is one word or nothing. */
  readonly quic: readonly (Listen & { readonly options: string })[];
  readonly http3: boolean;
  readonly port: number;
  /** Browsers may insist on https from now on. */
  readonly hsts: boolean;
}

type Listen = Server['listens'][number];

/** See {@link SecureData}. Pure. */
export function secureData(
  context: NginxContext,
  { http, https }: Place,
  certificate: RoleCertificate | undefined,
): SecureData {
  const challenges = http?.port === HTTP && answersChallenges(context) ? `${AGENT.challenges}/` : '';
  const plain = { ssl: false, http2: false };
  if (https === undefined || certificate === undefined)
    return {
      listens: (http?.listens ?? []).map((listen) => ({ ...listen, ...plain })),
      names: http?.names ?? [],
      challenges,
      ...NO_TLS,
    };
  const modern = isModernNginx(context.facts);
  // The parameter counts for every server of the port, and what others have there stays as it is.
  const theirs = https.neighbours.foreign.flatMap((server) => listensOn(server, https.port));
  const http2 = !modern && theirs.every((listen) => listen.http2);
  const http3 = modern && https.port === HTTPS;
  return {
    listens: https.listens.map((listen) => ({ ...listen, ssl: true, http2 })),
    names: https.names,
    challenges,
    redirect: http !== undefined,
    redirectListens: http?.listens ?? [],
    redirectNames: [...(http?.names ?? []), ...provenNames(context)],
    redirectPort: https.port === HTTPS ? '' : `:${https.port}`,
    secure: true,
    certificate: certificate.certificate,
    key: certificate.key,
    ciphers: CIPHERS,
    http2Directive: modern,
    // Sockets that only this server has are opened by its word, others by that of `front.ts`.
    http3,
    quic: http3
      ? https.listens.map((listen) => ({ ...listen, options: https.loopback ? 'reuseport' : '' }))
      : [],
    port: https.port,
    // On another port browsers would look for https at 443, where they came by http.
    hsts: certificate.trusted && https.port === HTTPS,
  };
}

const NO_TLS = {
  redirect: false,
  redirectListens: [],
  redirectNames: [],
  redirectPort: '',
  secure: false,
  certificate: '',
  key: '',
  ciphers: '',
  http2Directive: false,
  quic: [],
  http3: false,
  port: 0,
  hsts: false,
} as const;

/** Further names of its certificate that are proven on port 80, where no other role answers to them: whoever has no server would not be asked. */
function provenNames(context: NginxContext): readonly string[] {
  const choice = tlsOf(context);
  if (choice.source !== 'acme' || !provesByHttp(choice)) return [];
  const taken = context.endpoints
    .filter(({ port }) => port === HTTP)
    .flatMap(({ sharedAs = [] }) => sharedAs);
  return choice.acme.names.filter((name) => !taken.includes(name));
}

/** Whether some role of the host proves its names by http: whatever is asked for on port 80 may be such a proof. */
function answersChallenges(context: NginxContext): boolean {
  if (provesByHttp(tlsOf(context))) return true;
  return context.others.some(({ role, input }) => {
    const { tls } = Object(input) as { readonly tls?: unknown };
    if (tls === 'letsencrypt') return true;
    if (typeof tls === 'object' && tls !== null) return 'challenge' in tls && tls.challenge === 'http';
    // auto comes to TLS in nginx only where Let’s Encrypt is asked.
    return (
      tls === 'auto' &&
      context.endpoints.some((endpoint) => endpoint.role === role && endpoint.sharedBy === SHARED_TLS)
    );
  });
}
