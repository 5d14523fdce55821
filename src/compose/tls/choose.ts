import type { Exposure } from '../recipe.ts';
import type { AcmeInput, TlsInput } from './input.ts';

/** Where a role's certificate comes from, and why. */
export type TlsChoice =
  | { readonly source: 'none'; readonly why?: string }
  | { readonly source: 'self-signed'; readonly why?: string }
  | { readonly source: 'acme'; readonly acme: AcmeInput; readonly why?: string };

/** What the choice depends on: known before the host is asked anything. */
export interface TlsWish {
  /** Undefined for a role that says nothing about it. */
  readonly tls: TlsInput | undefined;
  readonly expose: Exposure;
  /** Domains that the host file gives the role. */
  readonly names: readonly string[];
  /** nginx serves it, so that it may do without; else the service always has a certificate. */
  readonly web: boolean;
  /** It is on the ports that everybody tries, where `auto` may turn http into https without anybody noticing. */
  readonly usualPort?: boolean;
}

/** Let’s Encrypt with nothing else said. */
const LETS_ENCRYPT: AcmeInput = {
  acme: 'letsencrypt',
  challenge: 'http',
  names: [],
  keyType: 'ecdsa-p256',
};

/** Whether an authority is asked for it, where a service always has a certificate. */
export function isByAcme(tls: TlsInput): boolean {
  return tls === 'letsencrypt' || typeof tls === 'object';
}

/** Decides where a role's certificate comes from. Never throws: what cannot be had is told by `certificateFor`. Pure. */
export function choose({ tls = 'auto', expose, names, web, usualPort = true }: TlsWish): TlsChoice {
  if (tls === 'none' || tls === 'self-signed') return { source: tls };
  if (tls === 'letsencrypt') return { source: 'acme', acme: LETS_ENCRYPT };
  if (tls !== 'auto') return { source: 'acme', acme: tls };
  if (!web) return { source: 'self-signed' };
  const isPublic = names.length > 0 && names.every(isPublicName);
  if (expose !== 'internet' || !isPublic || !usualPort) return { source: 'none' };
  const why = `It is for the internet and has a domain, so it gets https with a certificate of Let’s Encrypt (tls: auto). tls: none leaves it at http.`;
  return { source: 'acme', acme: LETS_ENCRYPT, why };
}

/** By this one, a host name is proven on port 80 of whatever it leads to (RFC 8555 section 8.3). */
export function provesByHttp(choice: TlsChoice): boolean {
  return choice.source === 'acme' && choice.acme.challenge === 'http';
}

/** Names that are never in the public DNS: RFC 6762, 6761, 7686 and 8375, and what networks at home are commonly called. */
const LOCAL = /(?:^|\.)(?:local|localhost|lan|home|internal|intranet|corp|test|invalid|onion|home\.arpa)$/;

/** Names for documentation (RFC 2606). */
const EXAMPLE = /(?:^|\.)(?:example|example\.(?:com|net|org))$/;

/** Whether a public authority could ever certify it. */
export function mayBePublic(name: string): boolean {
  const bare = name.replace(/^\*\./, '');
  return bare.includes('.') && !LOCAL.test(bare);
}

function isPublicName(name: string): boolean {
  return mayBePublic(name) && !EXAMPLE.test(name);
}
