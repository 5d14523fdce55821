import { z } from 'zod';
import { show } from '../complaint.ts';
import { absolutePath, domain, port } from '../inputs.ts';
import { acmeServer } from './server.ts';

const SERVICE_SOURCES = ['auto', 'self-signed', 'letsencrypt'] as const;
const WEB_SOURCES = ['auto', 'none', 'self-signed', 'letsencrypt'] as const;

/** The input `tls` of a role whose service speaks TLS: where its certificate comes from. */
export function tlsInput() {
  return z
    .union([z.enum(SERVICE_SOURCES), acme()], { error: wrongSource(SERVICE_SOURCES) })
    .default('auto')
    .meta({
      help: 'Where the certificate comes from. auto: self-signed. letsencrypt takes a name that leads here from the internet; keys say more: another authority, proof by DNS, further names.',
      example: 'self-signed',
    });
}

/** The input `tls` of a role that nginx serves, which may do without. */
export function webTlsInput() {
  return z
    .union([z.enum(WEB_SOURCES), acme()], { error: wrongSource(WEB_SOURCES) })
    .default('auto')
    .meta({
      help: 'https, and where its certificate comes from. auto: letsencrypt for a domain that is exposed to the internet, else none, which is plain http. Keys say more: another authority, proof by DNS, further names.',
      example: 'letsencrypt',
    });
}

/** What a host file may say of TLS; `none` where nginx serves. */
export type TlsInput = z.output<ReturnType<typeof webTlsInput>>;

/** What it may say of a CA that speaks ACME (RFC 8555). */
export type AcmeInput = Exclude<TlsInput, string>;

function acme() {
  return z.strictObject({
    acme: acmeServer().meta({
      help: 'Who issues it: letsencrypt, or the directory of another authority that speaks ACME.',
      example: 'https://ca.home.arpa/acme/directory',
    }),
    root: rootCertificate().optional().meta({
      help: 'The root certificate of a private authority, as the text of its PEM file: that its server is trusted by.',
    }),
    email: mailAddress().optional().meta({ help: 'Where the authority may write to.' }),
    challenge: z
      .union(
        [
          z.strictObject({
            server: z
              .union([z.ipv4(), z.ipv6(), domain()])
              .meta({ help: 'A name server that takes signed updates (RFC 2136).', example: '192.168.1.53' }),
            port: port().default(53).meta({ help: 'Its port.' }),
            zone: domain().optional().meta({ help: 'The zone to be changed; default: found by asking.' }),
            key: domain('the name of a key', 'acme-key').meta({
              help: 'The name of the key for it (TSIG). Its secret is set by hostwright secrets set ROLE/acme-tsig.',
              example: 'acme-key',
            }),
            algorithm: z
              .enum(['hmac-sha256', 'hmac-sha512'])
              .default('hmac-sha256')
              .meta({ help: 'What the key is for.' }),
          }),
          z.strictObject({
            hook: absolutePath()
              .refine((path) => /^[A-Za-z0-9_./-]+$/.test(path), {
                error: 'a program has letters, digits, _, . and - in its path',
              })
              .meta({
                help: 'A program on the host that is called with add or remove, the name and the value of a TXT record.',
                example: '/usr/local/bin/acme-dns',
              }),
          }),
          z.enum(['http', 'dns']),
        ],
        {
          error: ({ code }) =>
            code === 'invalid_union'
              ? 'http or dns is expected, or keys: server and key, or hook'
              : undefined,
        },
      )
      .default('http')
      .meta({
        help: 'How the authority is shown that the names are ours: http on port 80; dns, by the dns role of this host; or by another name server, or a program.',
      }),
    names: z
      .array(certificateName())
      .default([])
      .meta({ help: 'Further names in the certificate; *.example.org takes a challenge by DNS.' }),
    keyType: z
      .enum(['ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-4096'])
      .default('ecdsa-p256')
      .meta({ help: 'What kind of key is made.' }),
    eab: z
      .string()
      .regex(/^[!-~]{1,200}$/, 'the number of an account has no spaces, and at most 200 characters')
      .optional()
      .meta({
        help: 'The account at the authority that this host is bound to (EAB). Its key is set by hostwright secrets set ROLE/acme-eab.',
      }),
  });
}

/** A name for a certificate: a domain, or a wildcard over one. */
function certificateName() {
  return z
    .string({ error: 'a domain name such as www.example.org or *.example.org is expected' })
    .overwrite((value) => value.toLowerCase())
    .check(({ value, issues }) => {
      const bare = value.startsWith('*.') ? value.slice(2) : value;
      const read = domain().safeParse(bare);
      if (read.success && read.data === bare && bare.includes('.')) return;
      const message =
        read.error?.issues[0]?.message ?? `${show(value)} is not a domain name in plain letters, with a dot`;
      issues.push({ code: 'custom', input: value, message });
    });
}

function mailAddress() {
  return z.string().check(({ value, issues }) => {
    const [local = '', at, more] = value.split('@');
    const fine =
      /^[A-Za-z0-9_.+-]{1,64}$/.test(local) &&
      at !== undefined &&
      more === undefined &&
      domain().safeParse(at).success;
    if (fine) return;
    issues.push({ code: 'custom', input: value, message: `${show(value)} is not an address of mail` });
  });
}

/** One certificate or several, in PEM (RFC 7468). */
function rootCertificate() {
  return z
    .string({ error: 'the text of a PEM file is expected' })
    .max(65_536, 'a root certificate is smaller than 64 kB')
    .regex(
      /^\s*(?:-----BEGIN CERTIFICATE-----\r?\n(?:[A-Za-z0-9+/=]{1,76}\r?\n){1,400}-----END CERTIFICATE-----\s*){1,10}$/,
      'the text of a PEM file is expected, which begins with -----BEGIN CERTIFICATE-----',
    )
    .overwrite((text) => `${text.replaceAll('\r', '').trim()}\n`);
}

function wrongSource(sources: readonly string[]): z.core.$ZodErrorMap {
  return ({ code, input }) => {
    if (code !== 'invalid_union') return undefined;
    const known = `one of ${sources.join(', ')} is expected, or keys: acme and what belongs to it`;
    return typeof input === 'string' ? `${show(input)} is not known here: ${known}` : known;
  };
}
