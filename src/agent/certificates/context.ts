import { readSmall } from './files.ts';
import type { CertificatePlaces } from './places.ts';
import { connections, type Transport } from './transport.ts';

/** What the commands about certificates run in. */
export interface CertificateContext {
  readonly places: CertificatePlaces;
  /** A line for the journal. */
  readonly say: (line: string) => void;
  /** How CAs are spoken to; for tests. */
  readonly transport?: Omit<Transport, 'agent'>;
  /** Milliseconds between questions to a CA; for tests. */
  readonly betweenMs?: number;
}

/** @param trust a PEM file. @throws when it is declared and can't be read */
export async function transportFor(
  { transport }: CertificateContext,
  trust: string | undefined,
): Promise<Transport & { readonly trust?: string }> {
  if (trust === undefined) return { ...transport, agent: connections(undefined) };
  const pem = await readSmall(trust);
  if (pem === undefined) throw new Error(`${trust} is not there: it is to be the root of the authority.`);
  return { ...transport, trust: pem, agent: connections(pem) };
}
