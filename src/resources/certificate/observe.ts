import { createHash, X509Certificate } from 'node:crypto';
import { HostError } from '../../errors.ts';
import { canonicalAddress } from '../../facts/address.ts';
import { type Shell, sh } from '../../quote.ts';
import { certificatePaths } from './paths.ts';

/** One of the two files as it was found. */
export interface FoundFile {
  readonly type: 'absent' | 'file' | 'other';
  /** Four octal digits. */
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
}

/** What a certificate says of itself. */
export interface ReadCertificate {
  /** Hex SHA-256 of the file. */
  readonly sha256: string;
  /** Host names and addresses, in its own order. */
  readonly names: readonly string[];
  /** Its own key has signed it. */
  readonly selfSigned: boolean;
  /** Who has signed it, on one line. */
  readonly issuer: string;
  /** Base64 of the public key (SubjectPublicKeyInfo, DER). */
  readonly publicKey: string;
  /** Seconds since 1970. */
  readonly from: number;
  readonly until: number;
}

export interface CertificateState {
  /** The host's clock, in seconds since 1970: its services go by that. */
  readonly now: number;
  /** `read` is absent where the file holds no certificate. */
  readonly certificate: FoundFile & { readonly read?: ReadCertificate };
  /** `publicKey` belongs to it: null when the file holds no key, absent when nobody on the host can tell (no openssl). */
  readonly key: FoundFile & { readonly publicKey?: string | null };
}

/** Larger files are no certificates. Bytes. */
const LARGEST = 65_536;
const ABSENT: FoundFile = { type: 'absent', mode: '', owner: '', group: '' };

/** Of a key only its public half is printed. */
export function observeCertificates(names: readonly string[]): Shell {
  return sh`printf 'now\t%s\n' "$(date +%s)"
for hw_file in ${names.flatMap((name) => [certificatePaths(name).certificate, certificatePaths(name).key])}; do
  [ -e "$hw_file" ] || [ -L "$hw_file" ] || continue
  printf '%s\t%s\t' "$hw_file" "$(stat --printf '%F\t%a\t%U\t%G' -- "$hw_file")"
  if [ -L "$hw_file" ] || [ ! -f "$hw_file" ]; then :
  elif [ "\${hw_file##*/}" = fullchain.pem ]; then
    [ "$(stat -c %s -- "$hw_file")" -gt ${LARGEST} ] || base64 -w0 <"$hw_file"
  elif ! command -v openssl >/dev/null; then printf '?'
  else
    openssl pkey -in "$hw_file" -passin pass: -pubout -outform DER 2>/dev/null </dev/null | base64 -w0
  fi
  echo
done`;
}

/** @throws {HostError} on output that is not understood. */
export function parseCertificates(output: Buffer, names: readonly string[]): readonly CertificateState[] {
  const lines = output
    .toString()
    .split('\n')
    .map((line) => line.split('\t'));
  const now = Number(lines.find(([label]) => label === 'now')?.[1]);
  if (!Number.isSafeInteger(now)) {
    throw new HostError('The host’s answer about certificates was not understood', {
      output: output.toString().slice(0, 200),
    });
  }
  return names.map((name) => {
    const paths = certificatePaths(name);
    const [certificate = [], key = []] = [paths.certificate, paths.key].map((path) =>
      lines.find(([label]) => label === path),
    );
    const read = readCertificate(Buffer.from(certificate[5] ?? '', 'base64'));
    const publicKey = key[5] === '?' || key[5] === undefined ? {} : { publicKey: key[5] || null };
    return {
      now,
      certificate: { ...foundFile(certificate), ...(read ? { read } : {}) },
      key: { ...foundFile(key), ...publicKey },
    };
  });
}

function foundFile([, description, mode = '', owner = '', group = '']: readonly string[]): FoundFile {
  if (description === undefined) return ABSENT;
  const type = description.startsWith('regular') ? 'file' : 'other';
  return { type, mode: mode.padStart(4, '0'), owner, group };
}

/** Undefined for what is no certificate. */
function readCertificate(content: Buffer): ReadCertificate | undefined {
  try {
    const certificate = new X509Certificate(content);
    return {
      sha256: createHash('sha256').update(content).digest('hex'),
      names: namesIn(certificate.subjectAltName),
      // checkIssued() says no to every certificate that may not vouch for others.
      selfSigned: certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey),
      issuer: certificate.issuer.replaceAll('\n', ', '),
      publicKey: certificate.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      from: Date.parse(certificate.validFrom) / 1000,
      until: Date.parse(certificate.validTo) / 1000,
    };
  } catch {
    return undefined;
  }
}

/** From `DNS:attic, IP Address:192.168.1.20`; what is neither name nor address is left as it is. */
function namesIn(alternatives: string | undefined): readonly string[] {
  return (alternatives ?? '')
    .split(', ')
    .filter(Boolean)
    .map((name) =>
      name.startsWith('IP Address:')
        ? canonicalAddress(name.slice('IP Address:'.length))
        : name.replace(/^DNS:/, ''),
    );
}
