import { choose, type TlsChoice, type TlsWish } from './choose.ts';

/** What a check has to find of a certificate: the setting `tls` of probes. */
export interface TlsProofRequest {
  readonly trust: 'authority' | 'self-signed';
  readonly root?: string;
  readonly name?: string;
}

/**
 * What a certificate of that choice has to be. It is looked at under the first of its names that is one of a machine; a
 * wildcard is none. Pure.
 */
export function tlsProof(
  choice: Exclude<TlsChoice, { readonly source: 'none' }>,
  given: readonly string[],
): TlsProofRequest {
  const { acme } = choice.source === 'acme' ? choice : {};
  const name = [...given, ...(acme?.names ?? [])].find((one) => !one.startsWith('*.'));
  return {
    trust: choice.source === 'acme' ? 'authority' : 'self-signed',
    ...(acme?.root === undefined ? {} : { root: acme.root }),
    ...(name === undefined ? {} : { name }),
  };
}

/**
 * The same for a service that always speaks TLS, as settings of its probe: nothing where its certificate is self-signed, which
 * nobody ever expected to be anybody's. Pure.
 */
export function serviceProof(wish: Omit<TlsWish, 'web'>): { readonly tls?: TlsProofRequest } {
  const choice = choose({ ...wish, web: false });
  return choice.source === 'acme' ? { tls: tlsProof(choice, wish.names) } : {};
}
