import { isIP } from 'node:net';
import { type Shell, sh } from '../../quote.ts';
import type { CertificateSpec } from '../certificate.ts';
import type { Step } from '../kind.ts';
import { hasMetadata } from '../shared/paths.ts';
import { slot } from '../shared/slot.ts';
import { type Finding, keyMode, LIFETIME, P256, RENEWED_BEFORE } from './assess.ts';
import type { CertificateState } from './observe.ts';
import { CERTIFICATES, certificatePaths } from './paths.ts';

/** The line that the host remembers. */
export function rememberedLine({ source, names }: CertificateSpec): string {
  return [source, ...names].join(' ');
}

/** What runs on the host to make a certificate. The key is born there, in the run's own folder, and moves into its place. */
export function certificateStep(
  spec: CertificateSpec,
  state: CertificateState,
  finding: Finding | undefined,
): Step {
  const { folder, certificate, key } = certificatePaths(spec.name);
  const before = slot('certificate', spec.name);
  return {
    converged: isGood(spec),
    unmoved: sh`${isStillCertificate(certificate, state)} && ${isStillKey(key, state)}`,
    record: sh`[ -e ${before} ] || { if [ -d ${folder} ]; then echo there; else echo absent; fi >${before}; }
hw_keep ${key} && hw_keep ${certificate}`,
    change: finding?.reason === undefined ? setMetadata(spec) : make(spec, finding.key),
    // A folder that holds something else by now stays; the one around it is nobody's once it is empty.
    undo: sh`hw_restore ${key} || exit 1
hw_restore ${certificate} || exit 1
if [ "$(cat -- ${before} 2>/dev/null)" = absent ] && [ -d ${folder} ]; then
  rmdir -- ${folder} 2>/dev/null || hw_keep_data ${folder} 'since it holds files'
fi
rmdir -- ${CERTIFICATES} 2>/dev/null || :`,
    remember: rememberedLine(spec),
  };
}

/**
 * The key goes first: where a power cut leaves the new key beside the old certificate, they do not belong together, and the
 * next apply makes both anew.
 */
function make(spec: CertificateSpec, keyIs: Finding['key']): Shell {
  const { folder, certificate, key } = certificatePaths(spec.name);
  const work = sh`"$HW_BLOBS"/${`certificate-${spec.name}`}`;
  const newKey = sh`(umask 077; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ${work}.key)`;
  return sh`command -v openssl >/dev/null || hw_fail 'openssl is not installed: it makes keys and certificates'
[ -d ${folder} ] || (umask 022; mkdir -p -- ${folder})
${keyIs === 'new' ? newKey : sh`(umask 077; cat -- ${key} >${work}.key)`}
printf '%s' ${requestOf(spec)} >${work}.conf
openssl req -x509 -new -sha256 -days ${LIFETIME} -key ${work}.key -passin pass: -config ${work}.conf -out ${work}.pem
hw_put ${work}.key ${key} ${keyMode(spec)} ${spec.owner} ${spec.group}
rm -f -- ${work}.key
hw_put ${work}.pem ${certificate} 0644 root root`;
}

function setMetadata(spec: CertificateSpec): Shell {
  const { name, owner, group } = spec;
  const { certificate, key } = certificatePaths(name);
  return sh`hw_put ${key} ${key} ${keyMode(spec)} ${owner} ${group}
hw_put ${certificate} ${certificate} 0644 root root`;
}

/**
 * For openssl-req(1). It vouches for no other certificate (CA:FALSE): whoever trusts it trusts this service, not everything that
 * a thief of its key could sign. A common name has at most 64 characters (RFC 5280, ub-common-name); clients look at
 * the alternative names only.
 */
function requestOf({ names }: CertificateSpec): string {
  return `[req]
prompt = no
distinguished_name = subject
x509_extensions = extensions
[subject]
CN = ${names.find((name) => name.length <= 64) ?? 'hostwright'}
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
subjectAltName = ${names.map((name) => `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`).join(', ')}
`;
}

/** Asked of openssl alone: the second opinion on what was read before. */
function isGood(spec: CertificateSpec): Shell {
  const { name, source, names, owner, group } = spec;
  const { certificate, key } = certificatePaths(name);
  const plain = (path: string) => sh`[ -f ${path} ] && [ ! -L ${path} ]`;
  return sh`${plain(certificate)} && ${hasMetadata(certificate, { mode: '0644', owner: 'root', group: 'root' })} || exit 1
${plain(key)} && ${hasMetadata(key, { mode: keyMode(spec), owner, group })} || exit 1
hw_public=$(openssl pkey -in ${key} -passin pass: -pubout) || exit 1
[ "$(openssl x509 -in ${certificate} -noout -pubkey)" = "$hw_public" ] || exit 1
hw_names=$(openssl x509 -in ${certificate} -noout -ext subjectAltName | sed -n '2s/^ *//p' | sed 's/, /\n/g' | LC_ALL=C sort) || exit 1
${source === 'acme' ? isInUse(certificate, names) : isOwn(certificate, names)}`;
}

/** One of an authority is the agent's affair; a stand-in is for all the names. */
function isInUse(certificate: string, names: readonly string[]): Shell {
  return sh`[ "$(openssl x509 -in ${certificate} -noout -subject_hash)" = "$(openssl x509 -in ${certificate} -noout -issuer_hash)" ] || exit 0
for hw_name in ${names.map(printedName)}; do
  printf '%s\n' "$hw_names" | grep -qxF -e "$hw_name" || exit 1
done
openssl x509 -in ${certificate} -noout -checkend 0`;
}

function isOwn(certificate: string, names: readonly string[]): Shell {
  return sh`case $hw_public in *${P256}*) ;; *) exit 1 ;; esac
[ "$hw_names" = ${printed(names)} ] || exit 1
openssl verify -no-CApath -no-CAstore -CAfile ${certificate} ${certificate} || exit 1
openssl x509 -in ${certificate} -noout -checkend ${RENEWED_BEFORE * 86_400}`;
}

/** The alternative names as openssl-x509(1) prints them, sorted, for their order says nothing: IPv6 in eight groups of capital digits. */
function printed(names: readonly string[]): string {
  return names.map(printedName).toSorted().join('\n');
}

function printedName(name: string): string {
  if (isIP(name) === 0) return `DNS:${name}`;
  return `IP Address:${isIP(name) === 6 ? eightGroups(name) : name}`;
}

function eightGroups(address: string): string {
  const [head = '', tail] = address.split('::');
  const [front, back] = [head, tail ?? ''].map((part) => part.split(':').filter(Boolean));
  const zeros = Array.from({ length: 8 - (front?.length ?? 0) - (back?.length ?? 0) }, () => '0');
  return [...(front ?? []), ...zeros, ...(back ?? [])].join(':').toUpperCase();
}

function isStillCertificate(path: string, { certificate: { type, read } }: CertificateState): Shell {
  if (type === 'absent') return sh`[ ! -e ${path} ] && [ ! -L ${path} ]`;
  if (!read) return sh`[ -e ${path} ] || [ -L ${path} ]`;
  return sh`[ "$(sha256sum <${path} | cut -c1-64)" = ${read.sha256} ]`;
}

/** Compared by its public half: no part of a script depends on the private one. */
function isStillKey(path: string, { key: { type, publicKey } }: CertificateState): Shell {
  if (type === 'absent') return sh`[ ! -e ${path} ] && [ ! -L ${path} ]`;
  if (!publicKey) return sh`{ [ -e ${path} ] || [ -L ${path} ]; }`;
  return sh`[ "$(openssl pkey -in ${path} -passin pass: -pubout -outform DER 2>/dev/null </dev/null | base64 -w0)" = ${publicKey} ]`;
}
