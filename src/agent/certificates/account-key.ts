import { newAccountKey, readAccount, writeAccount } from './account.ts';
import { acmeClient } from './client.ts';
import { type CertificateContext, transportFor } from './context.ts';
import { readDeclarations } from './declared.ts';
import { alone } from './lock.ts';

/**
 * Gives each account that the declared certificates use a new key (RFC 8555 section 7.3.5).
 * @returns the directories whose accounts have new keys
 * @throws {AcmeProblem | TransportFailure | OwnFailure}
 */
export function rollAccountKey(context: CertificateContext): Promise<readonly string[]> {
  const { places, say } = context;
  return alone(places.lock, 120, async () => {
    const declared = await readDeclarations(places);
    const trusts = new Map(
      declared.flatMap((one) =>
        'declaration' in one ? [[one.declaration.directory, one.declaration.trust]] : [],
      ),
    );
    const done: string[] = [];
    for (const [directory, trust] of trusts) {
      if (!(await rollOne(context, directory, trust))) continue;
      say(`the account at ${directory} has a new key`);
      done.push(directory);
    }
    return done;
  });
}

async function rollOne(
  context: CertificateContext,
  directory: string,
  trust: string | undefined,
): Promise<boolean> {
  const { places } = context;
  const account = await readAccount(places, directory);
  if (account?.url === undefined) return false;
  const transport = await transportFor(context, trust);
  const of = (accountKey: string) =>
    acmeClient({ directoryUrl: directory, accountKey, accountUrl: account.url ?? '' }, transport);
  const key = await newAccountKey();
  const [present, next] = [of(account.key), of(key)];
  const url = await next.insides.http.getResourceUrl('keyChange');
  const inner = next.insides.http.createSignedBody(url, {
    account: account.url,
    oldKey: present.insides.http.getJwk(),
  });
  // Kept beside the old one first: should the answer be lost, one of the two is right.
  await writeAccount(places, { ...account, nextKey: key });
  await present.insides.api.updateAccountKey(inner);
  await writeAccount(places, { directory, url: account.url, key });
  return true;
}
