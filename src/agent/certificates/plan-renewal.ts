import type { CertificateDeclaration, CertificateState } from '../declared.ts';
import { readAccount } from './account.ts';
import { renewalInfo } from './ari.ts';
import { acmeClient, directoryOf } from './client.ts';
import { type CertificateContext, transportFor } from './context.ts';
import { byInfo, byLifetime, type Lifetime } from './due.ts';
import { readIssued } from './state.ts';

/** Times in ISO 8601. */
export type Renewal = NonNullable<CertificateState['renewal']>;

/**
 * When the present certificate is to be renewed: as the CA suggests where it does, else by its lifetime. Never rejects.
 * @param lifetime in milliseconds since 1970
 */
export async function planRenewal(
  context: CertificateContext,
  declaration: CertificateDeclaration,
  lifetime: Lifetime,
  before?: Renewal,
): Promise<Renewal> {
  const info = await infoOf(context, declaration).catch(() => undefined);
  // Where the CA does not answer, an earlier plan stays.
  if (!info) return before ? { at: before.at } : { at: iso(byLifetime(lifetime, Math.random())) };
  const chosen = before === undefined ? undefined : Date.parse(before.at);
  return {
    // However late the CA would like it, the certificate must not end before.
    at: iso(Math.min(byInfo(info, Math.random(), chosen), lifetime.notAfter)),
    askAgain: iso(Date.now() + info.askAgain * 1000),
  };
}

async function infoOf(context: CertificateContext, { name, directory, trust }: CertificateDeclaration) {
  const chain = await readIssued(context.places, name);
  const account = await readAccount(context.places, directory);
  if (chain === undefined || !account) return undefined;
  const transport = await transportFor(context, trust);
  const known = await directoryOf(
    acmeClient({ directoryUrl: directory, accountKey: account.key }, transport),
  );
  return renewalInfo(transport, known, chain);
}

/** The earlier of the renewal and of the next question about it. */
export function nextOf({ at, askAgain }: Renewal): string {
  return askAgain !== undefined && askAgain < at ? askAgain : at;
}

export function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
