import { X509Certificate } from 'node:crypto';
import { isRecord } from './failure.ts';
import { ask, persist, retryAfter, type Transport } from './transport.ts';

/** What a CA says about when to renew (RFC 9773 section 4.2). */
export interface RenewalInfo {
  /** Milliseconds since 1970: the window in which to renew. */
  readonly start: number;
  readonly end: number;
  /** Seconds after which to ask again. */
  readonly askAgain: number;
}

/** Seconds: within these bounds is asked again (RFC 9773 section 4.3.3). */
const LEAST = 60;
const MOST = 86_400;
const DEFAULT = 21_600;

/** The identifier of a certificate there: key identifier of who signed it and serial number (RFC 9773 section 4.1). */
export function certificateId(pem: string): string | undefined {
  const certificate = new X509Certificate(pem);
  const authority = authorityKeyId(certificate.raw);
  if (!authority) return undefined;
  const hex = certificate.serialNumber.length % 2 ? `0${certificate.serialNumber}` : certificate.serialNumber;
  const serial = Buffer.from(hex, 'hex');
  // As in DER: a number whose first bit is set begins with a zero, or it would be a negative one.
  const encoded = (serial[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), serial]) : serial;
  return `${authority.toString('base64url')}.${encoded.toString('base64url')}`;
}

/** Undefined where the CA has no such service or does not answer: then the lifetime decides. Never rejects. */
export async function renewalInfo(
  transport: Transport,
  directory: Readonly<Record<string, unknown>>,
  pem: string,
): Promise<RenewalInfo | undefined> {
  const base = directory.renewalInfo;
  const id = certificateId(pem);
  if (typeof base !== 'string' || id === undefined) return undefined;
  try {
    const { data, headers } = await persist(transport, () =>
      ask(transport, `${base.replace(/\/$/, '')}/${id}`, 'get'),
    );
    const window = isRecord(data) && isRecord(data.suggestedWindow) ? data.suggestedWindow : {};
    const [start, end] = [window.start, window.end].map((time) => Date.parse(String(time)));
    // A window that ends before it begins is to be treated as none (RFC 9773 section 4.2).
    if (!(start !== undefined && end !== undefined && end > start)) return undefined;
    const asked = retryAfter(headers, Date.now()) ?? DEFAULT;
    return { start, end, askAgain: Math.min(Math.max(asked, LEAST), MOST) };
  } catch {
    return undefined;
  }
}

/** OID 2.5.29.35, in DER. */
const AUTHORITY_KEY_ID = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x23]);

/** The key identifier in the extension authorityKeyIdentifier (RFC 5280 section 4.2.1.1). */
function authorityKeyId(der: Buffer): Buffer | undefined {
  const at = der.indexOf(AUTHORITY_KEY_ID);
  if (at < 0) return undefined;
  const octets = element(der, at + AUTHORITY_KEY_ID.length);
  if (octets?.tag !== 0x04) return undefined;
  const sequence = element(octets.content, 0);
  const first = sequence?.tag === 0x30 ? element(sequence.content, 0) : undefined;
  return first?.tag === 0x80 ? first.content : undefined;
}

/** One element of DER with a length below 64 KiB. */
function element(bytes: Buffer, at: number): { readonly tag: number; readonly content: Buffer } | undefined {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined) return undefined;
  const more = first < 0x80 ? 0 : first - 0x80;
  if (more > 2 || at + 2 + more > bytes.length) return undefined;
  const length = more === 0 ? first : bytes.readUIntBE(at + 2, more);
  const content = bytes.subarray(at + 2 + more, at + 2 + more + length);
  return content.length === length ? { tag, content } : undefined;
}
