import { createPrivateKey, X509Certificate } from 'node:crypto';
import { OwnFailure } from './failure.ts';
import type { Pair } from './order.ts';

/** Milliseconds by which clocks may differ. */
const DRIFT = 3_600_000;
const MOST = 10;

/** What a tested certificate says of itself. */
export interface Tested {
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly serial: string;
}

/**
 * Whether a new pair can be used: before anything old is replaced by it.
 * @param trust PEM of the roots that the chain has to lead to; absent: nothing is known of them
 * @param now milliseconds since 1970
 * @throws {OwnFailure}
 */
export function testPair(
  { chain, key }: Pair,
  names: readonly string[],
  trust: string | undefined,
  now: number,
): Tested {
  const certificates = certificatesIn(chain);
  const [leaf] = certificates;
  if (!leaf) throw unusable('it holds no certificate');
  if (!leaf.checkPrivateKey(createPrivateKey(key))) throw unusable('it belongs to another key');
  const has = new Set(namesOf(leaf));
  const missing = names.filter((name) => !has.has(name.toLowerCase()));
  if (missing.length > 0) throw unusable(`it does not name ${missing.join(', ')}`);
  const [notBefore, notAfter] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  if (notBefore > now + DRIFT || notAfter < now)
    throw new OwnFailure(
      'clock-wrong',
      'By this host’s clock the new certificate is not valid now. Look at ‘timedatectl’: most likely the clock is wrong.',
      `valid from ${leaf.validFrom} to ${leaf.validTo}`,
    );
  certificates.slice(1).forEach((issuer, index) => {
    if (!signs(issuer, certificates[index])) throw unusable('its chain does not hold together');
  });
  const top = certificates.at(-1);
  if (
    trust !== undefined &&
    !certificatesIn(trust).some((root) => top?.raw.equals(root.raw) || signs(root, top))
  )
    throw unusable(
      `its chain does not lead to the root that was given, but to ${top?.issuer.replaceAll('\n', ', ')}`,
    );
  return { notBefore, notAfter, serial: leaf.serialNumber };
}

function signs(issuer: X509Certificate, of: X509Certificate | undefined): boolean {
  return of?.checkIssued(issuer) === true && of.verify(issuer.publicKey);
}

/** The certificates of a PEM file in their order. @throws {OwnFailure} */
export function certificatesIn(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length > MOST && pem.length > 100_000) throw unusable(`it has ${blocks.length} certificates`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw unusable(error instanceof Error ? error.message : String(error));
  }
}

/** Domain names that it is for, in small letters. */
export function namesOf({ subjectAltName }: X509Certificate): readonly string[] {
  return (subjectAltName ?? '')
    .split(', ')
    .filter((name) => name.startsWith('DNS:'))
    .map((name) => name.slice('DNS:'.length).toLowerCase());
}

function unusable(detail: string): OwnFailure {
  return new OwnFailure(
    'unusable-certificate',
    'The authority has issued a certificate that can’t be used; the old one stays.',
    detail,
  );
}
