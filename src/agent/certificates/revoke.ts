import { createPrivateKey } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readAccount } from './account.ts';
import { acmeClient } from './client.ts';
import { type CertificateContext, transportFor } from './context.ts';
import { readDeclaration } from './declared.ts';
import { AcmeProblem } from './failure.ts';
import { readSmall } from './files.ts';
import { alone } from './lock.ts';
import { forgetNext } from './next.ts';
import type { CertificatePlaces } from './places.ts';
import { readIssued, readState } from './state.ts';
import { certificatesIn } from './test-pair.ts';

/** Reasons (RFC 5280 section 5.3.1) that whoever holds a certificate may give. */
const REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
} as const;

export type RevocationReason = keyof typeof REASONS;

export function isRevocationReason(text: string): text is RevocationReason {
  return Object.hasOwn(REASONS, text);
}

/**
 * Revokes the certificate that was issued last (RFC 8555 section 7.6). It is then ordered anew at the next run.
 * @param certificateKey PEM of its own key, for where the account that ordered it is lost
 * @throws {AcmeProblem | TransportFailure | Error} in plain words where there is nothing to revoke
 */
export function revoke(
  context: CertificateContext,
  name: string,
  reason: RevocationReason = 'unspecified',
  certificateKey?: string,
): Promise<void> {
  const { places, say } = context;
  return alone(places.lock, 120, async () => {
    const chain = (await readIssued(places, name)) ?? (await readInstalled(places, name));
    const declared = await readDeclaration(places, name);
    const state = await readState(places, name);
    const declaration = declared && 'declaration' in declared ? declared.declaration : undefined;
    const directory = state?.issued?.directory ?? declaration?.directory;
    if (chain === undefined || directory === undefined)
      throw new Error(`No certificate ‘${name}’ was issued to this host: there is nothing to revoke.`);
    const transport = await transportFor(context, declaration?.trust);
    const account = await readAccount(places, directory);
    const words = { reason: REASONS[reason] };
    const byOwnKey = async (key: string) => {
      const { insides } = acmeClient({ directoryUrl: directory, accountKey: key }, transport);
      const body = { ...words, certificate: Buffer.from(derOf(chain)).toString('base64url') };
      await insides.http.signedRequest(await insides.http.getResourceUrl('revokeCert'), body);
    };
    const byAccount = async () => {
      if (account?.url === undefined)
        throw new Error(
          `The account that ordered ‘${name}’ is lost: only the certificate’s own key can revoke it.`,
        );
      const { client } = acmeClient(
        { directoryUrl: directory, accountKey: account.key, accountUrl: account.url },
        transport,
      );
      await client.revokeCertificate(chain, words);
    };
    await byAccount().catch((error: unknown) => {
      if (isAlready(error)) return undefined;
      if (certificateKey === undefined || !belongs(certificateKey, chain)) throw error;
      say(
        `${name}: not by the account (${error instanceof Error ? error.message : String(error)}); by its own key`,
      );
      return byOwnKey(certificateKey).catch((second: unknown) => {
        if (!isAlready(second)) throw second;
      });
    });
    // Without these it counts as never issued, so the next run orders a new one.
    await rm(join(places.issued, `${name}.pem`), { force: true });
    await rm(join(places.state, `${name}.json`), { force: true });
    await forgetNext(places);
    say(`${name}: revoked (${reason})`);
  });
}

/** What root's script has put in place; the last resort where what the agent knew is lost. */
async function readInstalled({ installed }: CertificatePlaces, name: string): Promise<string | undefined> {
  return readSmall(join(installed, name, 'fullchain.pem')).catch(() => undefined);
}

/** A key and a certificate are a pair. */
function belongs(key: string, chain: string): boolean {
  try {
    const [leaf] = certificatesIn(chain);
    return leaf?.checkPrivateKey(createPrivateKey(key)) === true;
  } catch {
    return false;
  }
}

function isAlready(error: unknown): boolean {
  return error instanceof AcmeProblem && error.type === 'alreadyRevoked';
}

function derOf(chain: string): Buffer {
  const body = /-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(chain)?.[1] ?? '';
  return Buffer.from(body.replace(/\s/g, ''), 'base64');
}
