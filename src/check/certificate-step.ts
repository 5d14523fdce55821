import { X509Certificate } from 'node:crypto';
import { rootCertificates, type TLSSocket } from 'node:tls';
import type { CauseId } from './causes.ts';
import type { ReportStep } from './report.ts';
import type { TlsProof } from './tls-settings.ts';

/** What a certificate comes to. */
export interface CertificateVerdict {
  readonly step: ReportStep;
  /** Only when it is not good. */
  readonly cause?: CauseId;
}

const DAY_MS = 86_400_000;
/** A certificate of an authority that has fewer left should long have been renewed. */
const FEW_DAYS = 10;

/** The roots that a handshake is verified by; undefined: those that this computer's Node.js trusts. */
export function trustedRoots(
  { root }: Pick<TlsProof, 'root'>,
  more: readonly string[] = [],
): string[] | undefined {
  const own = [...(root === undefined ? [] : [root]), ...more];
  return own.length === 0 ? undefined : [...rootCertificates, ...own];
}

/**
 * Looks at the certificate of a handshake that was made with {@link trustedRoots} and without rejecting anything: its time
 * first, since that is what an expired one is told by, then its name, then who vouches for it. `now` in milliseconds.
 */
export function certificateStep(socket: TLSSocket, proof: TlsProof, now = Date.now()): CertificateVerdict {
  // Not getPeerX509Certificate(): of a server's it gives memory away that OpenSSL frees once more (seen with Node.js 20).
  const { raw } = socket.getPeerCertificate() as { readonly raw?: Buffer };
  const shown = raw === undefined ? undefined : new X509Certificate(raw);
  const bad = (cause: CauseId, detail: string): CertificateVerdict => ({
    step: { name: 'certificate', ok: false, detail },
    cause,
  });
  if (!shown) return bad('tls-handshake', 'the server shows no certificate');
  const [from, to] = [Date.parse(shown.validFrom), Date.parse(shown.validTo)];
  if (!(now < to)) return bad('tls-expired', `it expired on ${day(to)}`);
  if (!(from <= now)) return bad('tls-not-yet-valid', `it is valid from ${day(from)} on`);
  if (proof.name !== undefined && shown.checkHost(proof.name, { subject: 'never' }) === undefined)
    return bad('tls-wrong-name', `it is for ${namesOf(shown.subjectAltName)}, not for ${proof.name}`);
  const left = lifetime(from, to, now, proof);
  if (proof.trust === 'self-signed')
    return { step: { name: 'certificate', ok: true, detail: `self-signed, as it is to be; ${left}` } };
  const fault = socket.authorized ? undefined : String(socket.authorizationError);
  // The name was looked at above, by the role's own: the one that was asked for may be an address.
  if (fault !== undefined && fault !== 'ERR_TLS_CERT_ALTNAME_INVALID') return untrusted(fault, shown, bad);
  return { step: { name: 'certificate', ok: true, detail: `by ${issuerOf(shown.issuer)}; ${left}` } };
}

function untrusted(
  fault: string,
  { issuer, subject }: { readonly issuer: string; readonly subject: string },
  bad: (cause: CauseId, detail: string) => CertificateVerdict,
): CertificateVerdict {
  if (fault === 'CERT_HAS_EXPIRED') return bad('tls-expired', 'a certificate of its authority has expired');
  if (issuer === subject) return bad('tls-untrusted', 'it is self-signed: no authority vouches for it');
  const why =
    fault === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'
      ? 'which is not known, or the server does not send the certificates in between'
      : 'which is not known here';
  return bad('tls-untrusted', `it is by ${issuerOf(issuer)}, ${why}`);
}

/** Authorities with short certificates renew them late: a fifth of the time is then what is few. */
function lifetime(from: number, to: number, now: number, { trust }: TlsProof): string {
  const days = Math.floor((to - now) / DAY_MS);
  const few = Math.min(FEW_DAYS, (to - from) / DAY_MS / 5);
  const late = trust === 'authority' && (to - now) / DAY_MS < few;
  const words = days === 1 ? '1 day left' : `${days} days left`;
  return late ? `WARNING: only ${words}, and it should have been renewed by now` : words;
}

function day(time: number): string {
  return Number.isNaN(time) ? 'a day that cannot be read' : new Date(time).toISOString().slice(0, 10);
}

/** `CN=R11` of a list of lines; what a stranger wrote is kept short and printable. */
function issuerOf(issuer: string): string {
  const name = /^CN=(.*)$/m.exec(issuer)?.[1] ?? /^O=(.*)$/m.exec(issuer)?.[1] ?? issuer;
  return printable(name) || 'an authority without a name';
}

function namesOf(alternative: string | undefined): string {
  const names = (alternative ?? '').split(', ').map((one) => one.replace(/^(?:DNS|IP Address):/, ''));
  const shown = printable(names.slice(0, 5).join(', '));
  return shown === '' ? 'no name' : names.length > 5 ? `${shown}…` : shown;
}

function printable(text: string): string {
  return text
    .replaceAll(/[^\p{L}\p{N}\p{P} ]+/gu, ' ')
    .trim()
    .slice(0, 160);
}
