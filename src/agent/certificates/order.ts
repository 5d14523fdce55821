import { generateKeyPair } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Authorization, crypto, type Order } from 'acme-client';
import type { CertificateDeclaration } from '../declared.ts';
import type { Acme } from './client.ts';
import { AcmeProblem, isRecord, OwnFailure, problemFrom } from './failure.ts';
import type { Prover } from './prove.ts';
import { retryAfter } from './transport.ts';

/** A new pair. */
export interface Pair {
  /** PEM: the certificate, and those that vouch for it. */
  readonly chain: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

interface OrderOptions {
  /** The certificate that is replaced, by its identifier of RFC 9773 section 4.1. */
  readonly replaces?: string | undefined;
  /** Milliseconds between questions whether the CA is ready; default: 1 s. */
  readonly betweenMs?: number;
}

/** Seconds that a CA has to look at a name, and to issue. */
const PATIENCE = 180;

/**
 * A new key, and a certificate for it (RFC 8555 section 7.4).
 * @throws {AcmeProblem | TransportFailure | OwnFailure}
 */
export async function order(
  acme: Acme,
  { names, keyType }: Pick<CertificateDeclaration, 'names' | 'keyType'>,
  prover: Prover,
  { replaces, betweenMs = 1_000 }: OrderOptions = {},
): Promise<Pair> {
  const placed = await place(acme, names, replaces);
  const authorizations = await acme.client.getAuthorizations(placed);
  await proveAll(acme, authorizations, prover, betweenMs);
  const key = await newKey(keyType);
  // A common name has at most 64 characters (RFC 5280); clients look at the alternative names only.
  const commonName = names.find((name) => name.length <= 64);
  const [, csr] = await crypto.createCsr(
    { altNames: [...names], ...(commonName === undefined ? {} : { commonName }) },
    key,
  );
  const ready = await settled(acme, placed.url, betweenMs, ['ready', 'valid']);
  if (ready.status === 'ready')
    await acme.client.finalizeOrder(placed, csr).catch((error: unknown) => {
      // A finalization whose answer was lost has been taken; asked again, it says so.
      if (!(error instanceof AcmeProblem && error.type === 'orderNotReady')) throw error;
    });
  const done = await settled(acme, placed.url, betweenMs, ['valid']);
  const chain = await acme.client.getCertificate({ ...placed, ...done } as Order);
  if (typeof chain !== 'string' || !chain.includes('BEGIN CERTIFICATE'))
    throw new OwnFailure(
      'bad-certificate',
      'The authority sent something else than a certificate.',
      String(chain),
    );
  return { chain, key };
}

async function place(
  { client }: Acme,
  names: readonly string[],
  replaces: string | undefined,
): Promise<Order> {
  const identifiers = names.map((value) => ({ type: 'dns', value }));
  if (replaces === undefined) return client.createOrder({ identifiers });
  const wish = { identifiers, replaces };
  return client.createOrder(wish).catch((error: unknown) => {
    // Some CAs know renewal information and not this member; it was replaced already; it was another account's; the CA has lost
    // it, which pebble calls a fault of its own. A courtesy must not be what keeps a certificate from being renewed.
    const others = ['rateLimited', 'rejectedIdentifier', 'caa', 'accountDoesNotExist'];
    if (error instanceof AcmeProblem && !others.includes(error.type))
      return client.createOrder({ identifiers });
    throw error;
  });
}

async function proveAll(
  { client, insides, transport }: Acme,
  authorizations: readonly Authorization[],
  prover: Prover,
  betweenMs: number,
): Promise<void> {
  const open: { readonly authorization: Authorization; readonly remove: () => Promise<void> }[] = [];
  try {
    for (const authorization of authorizations) {
      if (authorization.status === 'valid') continue;
      const name = authorization.identifier.value;
      const challenge = authorization.challenges.find(({ type }) => type === prover.type);
      if (!challenge)
        throw new OwnFailure(
          'way-not-offered',
          `The authority does not let ${name} be proven by ${prover.type === 'http-01' ? 'a page on port 80 (http-01)' : 'a DNS record (dns-01)'}. Choose another challenge in the host file.`,
          `offered: ${authorization.challenges.map(({ type }) => type).join(', ')}`,
        );
      const remove = await prover.show(
        name,
        challenge.token,
        await client.getChallengeKeyAuthorization(challenge),
      );
      open.push({ authorization, remove });
    }
    await prover.ready();
    for (const { authorization } of open) {
      const challenge = authorization.challenges.find(({ type }) => type === prover.type);
      if (challenge) await client.completeChallenge(challenge);
    }
    for (const { authorization } of open)
      await settled({ client, insides, transport }, authorization.url, betweenMs, ['valid'], prover.type);
  } finally {
    for (const { remove } of open) await remove();
  }
}

/** Asks until an order or an authorization has one of those states. */
async function settled(
  { insides }: Acme,
  url: string,
  betweenMs: number,
  wanted: readonly string[],
  challenge?: string,
): Promise<Record<string, unknown>> {
  const end = Date.now() + PATIENCE * 1000;
  for (let between = betweenMs / 4; ; between = Math.min(between * 2, betweenMs * 5)) {
    const { data, headers } = await insides.api.apiRequest(url, null, [200]);
    if (!isRecord(data))
      throw new OwnFailure('bad-answer', 'The authority’s answer was not understood.', String(data));
    if (wanted.includes(String(data.status))) return data;
    if (['invalid', 'deactivated', 'expired', 'revoked'].includes(String(data.status)))
      throw problemFrom(errorIn(data, challenge), 0);
    if (Date.now() > end)
      throw new OwnFailure(
        'ca-slow',
        `The authority has not finished within ${PATIENCE} seconds. It is tried again later.`,
        `status: ${String(data.status)}`,
      );
    const asked = (retryAfter(headers, Date.now()) ?? 0) * 1000;
    await sleep(Math.min(Math.max(between, betweenMs < 1_000 ? 0 : asked), 15_000));
  }
}

function errorIn(data: Record<string, unknown>, challenge: string | undefined): unknown {
  const tried = Array.isArray(data.challenges) ? data.challenges.filter(isRecord) : [];
  const failed = tried.find((one) => one.type === challenge && one.error) ?? tried.find((one) => one.error);
  return data.error ?? failed?.error;
}

async function newKey(type: CertificateDeclaration['keyType']): Promise<string> {
  const make = promisify(generateKeyPair);
  const { privateKey } = type.startsWith('rsa')
    ? await make('rsa', { modulusLength: type === 'rsa-4096' ? 4096 : 2048 })
    : await make('ec', { namedCurve: type === 'ecdsa-p384' ? 'P-384' : 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
