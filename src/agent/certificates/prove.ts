import type { ChallengeWay } from '../declared.ts';
import type { CertificatePlaces } from './places.ts';

/** Shows a CA that names are ours. */
export interface Prover {
  readonly type: 'http-01' | 'dns-01';
  /**
   * Puts the proof where the CA looks. Resolves with what takes it away again, which never rejects.
   * @param value the key authorization (http-01), or its digest for the record (dns-01)
   * @throws {OwnFailure}
   */
  readonly show: (name: string, token: string, value: string) => Promise<() => Promise<void>>;
  /** Waits until what was shown can be seen; never rejects. */
  readonly ready: () => Promise<void>;
}

/** Loaded when needed: most hosts need one of them. */
export async function proverFor(places: CertificatePlaces, way: ChallengeWay): Promise<Prover> {
  switch (way.type) {
    case 'http-01':
      return (await import('./prove-http.ts')).httpProver(places);
    case 'dns-01':
      return (await import('./prove-dns.ts')).dnsProver(way);
    case 'dns-01-hook':
      return (await import('./prove-hook.ts')).hookProver(way);
  }
}
