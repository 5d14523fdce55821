import { createHash, generateKeyPair } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CertificateDeclaration } from '../declared.ts';
import { type Acme, acmeClient, directoryOf } from './client.ts';
import { AcmeProblem, isRecord } from './failure.ts';
import { readSmall, writeWhole } from './files.ts';
import type { CertificatePlaces } from './places.ts';
import type { Transport } from './transport.ts';

/** An account at a CA. */
export interface Account {
  readonly directory: string;
  /** PEM, PKCS #8. */
  readonly key: string;
  /** Absent: made here, and not yet known to the CA. */
  readonly url?: string;
  /** A key that was about to replace `key`: whether the CA has taken it is not known. */
  readonly nextKey?: string;
}

/** Where the account of a directory lies. */
export function accountPath({ accounts }: CertificatePlaces, directory: string): string {
  return join(accounts, `${createHash('sha256').update(directory).digest('hex').slice(0, 32)}.json`);
}

/** Undefined where there is none, or where the file is broken: then a new account is made. */
export async function readAccount(
  places: CertificatePlaces,
  directory: string,
): Promise<Account | undefined> {
  const text = await readSmall(accountPath(places, directory));
  try {
    const read: unknown = JSON.parse(text ?? '');
    if (!isRecord(read) || typeof read.key !== 'string' || read.directory !== directory) return undefined;
    const { key, url, nextKey } = read;
    return {
      directory,
      key,
      ...(typeof url === 'string' ? { url } : {}),
      ...(typeof nextKey === 'string' ? { nextKey } : {}),
    };
  } catch {
    return undefined;
  }
}

/** The key is kept before the CA hears of it: an answer that is lost leaves no account without its key. */
export function writeAccount(places: CertificatePlaces, account: Account): Promise<void> {
  return writeWhole(accountPath(places, account.directory), `${JSON.stringify(account)}\n`, 0o600);
}

export async function newAccountKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** What an account is made with. */
type Wanted = Pick<CertificateDeclaration, 'email' | 'eab'>;

/**
 * A client that has an account at the directory: the one kept here, or a new one (RFC 8555 sections 7.3, 7.3.4).
 * @param anew whether the kept account is not to be used: the CA does not know it
 * @throws {AcmeProblem | TransportFailure | OwnFailure}
 */
export async function withAccount(
  places: CertificatePlaces,
  directory: string,
  { email, eab }: Wanted,
  transport: Transport,
  anew = false,
): Promise<Acme> {
  const kept = anew ? undefined : await settledAccount(places, directory, transport);
  const account = kept ?? { directory, key: await newAccountKey() };
  const acme = acmeClient(
    {
      directoryUrl: directory,
      accountKey: account.key,
      ...(account.url === undefined ? {} : { accountUrl: account.url }),
      ...(eab ? { externalAccountBinding: eab } : {}),
    },
    transport,
  );
  await directoryOf(acme);
  if (account.url !== undefined) return acme;
  await writeAccount(places, account);
  await acme.client.createAccount({
    termsOfServiceAgreed: true,
    ...(email === undefined ? {} : { contact: [`mailto:${email}`] }),
  });
  await writeAccount(places, { ...account, url: acme.client.getAccountUrl() });
  return acme;
}

/** Where a change of the key was cut off, the CA says which of the two it goes by. */
async function settledAccount(
  places: CertificatePlaces,
  directory: string,
  transport: Transport,
): Promise<Account | undefined> {
  const account = await readAccount(places, directory);
  if (account?.nextKey === undefined || account.url === undefined) return account;
  const { key, url, nextKey } = account;
  const { client } = acmeClient({ directoryUrl: directory, accountKey: key, accountUrl: url }, transport);
  const isOld = await client.updateAccount().then(
    () => true,
    (error: unknown) => {
      if (error instanceof AcmeProblem && error.status < 500 && error.type !== 'rateLimited') return false;
      throw error;
    },
  );
  const settled = { directory, url, key: isOld ? key : nextKey };
  await writeAccount(places, settled);
  return settled;
}

/** The CA has forgotten the account, or has closed it. */
export function isForgotten(error: unknown): boolean {
  if (!(error instanceof AcmeProblem)) return false;
  return (
    error.type === 'accountDoesNotExist' ||
    (error.type === 'unauthorized' &&
      error.status > 0 &&
      /account.*(deactivated|revoked|not valid|not found)/i.test(error.detail))
  );
}
