import type { TlsChoice } from './choose.ts';

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
