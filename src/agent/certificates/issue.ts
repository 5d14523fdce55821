import type { CertificateDeclaration } from '../declared.ts';
import { isForgotten, readAccount, withAccount } from './account.ts';
import { certificateId } from './ari.ts';
import { causeOf } from './causes.ts';
import type { Acme } from './client.ts';
import { directoryOf } from './client.ts';
import { type CertificateContext, transportFor } from './context.ts';
import { order, type Pair } from './order.ts';
import { proverFor } from './prove.ts';
import { readIssued, readState } from './state.ts';
import { type Tested, testPair } from './test-pair.ts';

/** What the CA’s staging may say without the real one being asked: it is no fault of this host. */
const NO_FAULT_OF_OURS = [
  'ca-unreachable',
  'ca-rate-limited',
  'ca-slow',
  'ca-not-trusted',
  'no-directory',
  'unknown',
];

/** A new certificate, tested. */
export interface Issued extends Tested {
  readonly pair: Pair;
  readonly acme: Acme;
}

/**
 * Orders a certificate with a new key. A host that is new to the CA orders one at its staging first, where failures cost
 * nothing of what the CA grants.
 * @throws {AcmeProblem | TransportFailure | OwnFailure}
 */
export async function issue(
  context: CertificateContext,
  declaration: CertificateDeclaration,
): Promise<Issued> {
  const { places, say } = context;
  const { name, directory, staging, trust, names } = declaration;
  const transport = await transportFor(context, trust);
  const before = await readIssued(places, name);
  const account = await readAccount(places, directory);
  if (staging !== undefined && account?.url === undefined && before === undefined)
    await tryStaging(context, declaration, staging);
  say(`${name}: asking ${declaration.authority} for a certificate for ${names.join(', ')}`);
  const { acme, pair } = await orderAt(
    context,
    declaration,
    directory,
    await replacedBy(context, declaration),
  );
  return { pair, acme, ...testPair(pair, names, transport.trust, Date.now()) };
}

/**
 * The certificate that the new one comes after, where it is of the same authority and for the same names: for no other may
 * be said that it is replaced (RFC 9773 section 5).
 */
async function replacedBy(
  { places }: CertificateContext,
  { name, names, directory }: CertificateDeclaration,
): Promise<string | undefined> {
  const issued = (await readState(places, name))?.issued;
  const isSame = issued?.directory === directory && names.every((one) => issued.names.includes(one));
  return isSame ? readIssued(places, name) : undefined;
}

async function tryStaging(
  context: CertificateContext,
  declaration: CertificateDeclaration,
  staging: string,
): Promise<void> {
  const { name, authority } = declaration;
  context.say(`${name}: trying ${authority} without consequences first (${staging})`);
  try {
    await orderAt(context, declaration, staging, undefined);
  } catch (error) {
    const { id, detail } = causeOf(error, declaration);
    if (!NO_FAULT_OF_OURS.includes(id)) throw error;
    context.say(`${name}: the staging of ${authority} is of no help now (${detail}); asking the real one`);
  }
}

async function orderAt(
  context: CertificateContext,
  declaration: CertificateDeclaration,
  directory: string,
  replaced: string | undefined,
): Promise<{ readonly acme: Acme; readonly pair: Pair }> {
  const { places, say, betweenMs } = context;
  const transport = await transportFor(context, declaration.trust);
  const attempt = async (anew: boolean) => {
    const acme = await withAccount(places, directory, declaration, transport, anew);
    const known = await directoryOf(acme);
    const replaces = replaced !== undefined && 'renewalInfo' in known ? certificateId(replaced) : undefined;
    const prover = await proverFor(places, declaration.challenge);
    const pair = await order(acme, declaration, prover, {
      replaces,
      ...(betweenMs === undefined ? {} : { betweenMs }),
    });
    return { acme, pair };
  };
  try {
    return await attempt(false);
  } catch (error) {
    if (!isForgotten(error)) throw error;
    say(
      `${declaration.name}: ${declaration.authority} does not know this host’s account any more; making a new one`,
    );
    return attempt(true);
  }
}
