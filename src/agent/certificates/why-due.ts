import { createPublicKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { CertificateDeclaration, CertificateState } from '../declared.ts';
import type { CertificateContext } from './context.ts';
import { readSmall } from './files.ts';
import { isWaiting } from './pair.ts';
import { readIssued } from './state.ts';
import { certificatesIn } from './test-pair.ts';

/** Milliseconds for which a certificate that root's script did not put in place is not ordered again. */
const NOT_INSTALLED = 86_400_000;

/** Why a certificate is to be ordered now; undefined: it is not. */
export async function whyDue(
  context: CertificateContext,
  declaration: CertificateDeclaration,
  digest: string,
  state: CertificateState | undefined,
): Promise<string | undefined> {
  const now = new Date().toISOString();
  if (!state) return 'there is no certificate yet';
  if (state.verdict.state === 'failed') {
    if (state.declared !== digest) return 'it failed, and is declared otherwise now';
    return state.next <= now ? `trying again after ${state.failures} failures` : undefined;
  }
  const { issued, renewal } = state;
  if (!issued) return 'there is no certificate yet';
  const chain = await readIssued(context.places, declaration.name);
  const [present] = chain === undefined ? [] : certificatesIn(chain);
  if (!present) return 'what was issued is lost';
  const otherwise = changed(declaration, issued, present.publicKey);
  if (otherwise !== undefined) return otherwise;
  if ((renewal?.at ?? '') <= now) return 'it is time to renew it';
  return notInstalled(context, declaration.name, issued);
}

function changed(
  { names, directory, keyType }: CertificateDeclaration,
  issued: NonNullable<CertificateState['issued']>,
  key: KeyObject,
): string | undefined {
  if (directory !== issued.directory) return 'another authority is declared';
  const isSame = names.length === issued.names.length && names.every((name) => issued.names.includes(name));
  if (!isSame) return 'other names are declared';
  return typeOf(key) === keyType ? undefined : 'another type of key is declared';
}

function typeOf(key: KeyObject): string {
  const { namedCurve, modulusLength } =
    createPublicKey(key.export({ type: 'spki', format: 'pem' })).asymmetricKeyDetails ?? {};
  if (namedCurve === 'prime256v1') return 'ecdsa-p256';
  return namedCurve === undefined ? `rsa-${modulusLength}` : 'ecdsa-p384';
}

/** Somebody has removed it, or root's script has refused it: then the key is gone, and only a new one helps. */
async function notInstalled(
  { places }: CertificateContext,
  name: string,
  issued: NonNullable<CertificateState['issued']>,
): Promise<string | undefined> {
  if (Date.now() - Date.parse(issued.at) < NOT_INSTALLED || (await isWaiting(places, name))) return undefined;
  const text = await readSmall(join(places.installed, name, 'fullchain.pem')).catch(() => undefined);
  const [there] = text === undefined ? [] : certificatesIn(text);
  return there?.serialNumber === issued.serial ? undefined : 'the one that was issued is not in its place';
}
