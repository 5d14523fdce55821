import { UserError } from '../../errors.ts';
import { kind as certificateKind } from '../../resources/certificate.ts';
import { kind as packageKind } from '../../resources/package.ts';
import { ownDnsChallenge } from '../acme-zone.ts';
import { type AcmeChallenge, acmeParts } from '../agent.ts';
import { challengeServer } from '../nginx/challenge.ts';
import type { Authority } from '../recipe.ts';
import type { CertificateContext, CertificateWish, RoleCertificate } from './certificate.ts';
import { mayBePublic, type TlsChoice } from './choose.ts';
import type { AcmeInput } from './input.ts';

type AcmeChoice = Extract<TlsChoice, { readonly source: 'acme' }>;

/**
 * A certificate by ACME: a self-signed one first, so that the service starts, and what the agent needs to replace it. Pure.
 * @throws {UserError} for what the authority would refuse
 */
export function acmeCertificate(
  context: CertificateContext,
  { acme, why }: AcmeChoice,
  { owner = 'root', group, names: given = [], service, action }: CertificateWish,
): Omit<RoleCertificate, 'certificate' | 'key'> {
  const names = [...new Set([...given, ...acme.names])];
  const authority = authorityOf(context, acme);
  refuse(context, acme, names, authority);
  const parts = acmeParts(context, {
    name: context.role,
    names,
    authorityName: nameOf(acme),
    authority,
    challenge: challengeOf(context, acme, names),
    keyType: acme.keyType,
    ...(acme.email === undefined ? {} : { email: acme.email }),
    ...(acme.eab === undefined
      ? {}
      : {
          eab: {
            kid: acme.eab,
            hmacKey: context.secret('acme-eab', {
              kind: 'token',
              brought: `the key of the account ${acme.eab} at ${nameOf(acme)} (HMAC, as the authority gave it out)`,
            }),
          },
        }),
    owner,
    group,
    services: [{ service, action }],
  });
  const byHttp = acme.challenge === 'http' ? challengeServer(context, names) : { after: [], notes: [] };
  const first = { name: context.role, source: 'acme' as const, names: [...names], owner, group };
  return {
    resources: [
      packageKind.of({ name: 'openssl' }),
      certificateKind.of(first, { notify: [{ service, action }] }),
      ...parts.resources,
    ],
    after: [...byHttp.after, ...parts.after],
    notes: [
      ...(why === undefined ? [] : [{ level: 'info' as const, text: why }]),
      ...byHttp.notes,
      ...parts.notes,
    ],
    // Whoever gives a root of his own has an authority that no browser knows.
    trusted: acme.root === undefined,
  };
}

function authorityOf({ authority }: CertificateContext, { acme, root }: AcmeInput): Authority {
  if (acme !== 'letsencrypt') return { directory: acme, ...(root === undefined ? {} : { root }) };
  const known = authority(acme);
  if (!known) throw new UserError({ message: `No authority is known by the name ${acme}.` });
  return known;
}

/** For people. */
function nameOf({ acme }: AcmeInput): string {
  return acme === 'letsencrypt' ? 'Let’s Encrypt' : new URL(acme).host;
}

function refuse(
  { role, expose }: CertificateContext,
  { acme, challenge }: AcmeInput,
  names: readonly string[],
  authority: Authority,
): void {
  const isLetsEncrypt = acme === 'letsencrypt';
  if (names.length === 0)
    throw new UserError({
      message: `‘${role}’ has no name that a certificate of ${nameOf({ acme } as AcmeInput)} could be for: it certifies names, such as home.example.org.`,
      hint: `Give the role a domain, or list names: tls: { acme: ${acme}, names: [home.example.org] }. Or tls: self-signed.`,
    });
  const wildcard = names.find((name) => name.startsWith('*.'));
  if (wildcard !== undefined && challenge === 'http')
    throw new UserError({
      message: `‘${role}’ wants a certificate for ${wildcard}: that takes a proof by DNS.`,
      hint: 'Say how: challenge: dns with the dns role of this host, or a name server (server and key), or a program (hook).',
    });
  // In the lab another one stands in for it, which certifies any name.
  const local =
    isLetsEncrypt && authority.root === undefined ? names.find((name) => !mayBePublic(name)) : undefined;
  if (local !== undefined)
    throw new UserError({
      message: `‘${role}’: Let’s Encrypt certifies no name such as ${local}, which only this network knows.`,
      hint: 'Use a domain of yours, or tls: self-signed, or the directory of an authority of your own: tls: { acme: https://… }.',
    });
  if (isLetsEncrypt && challenge === 'http' && expose !== 'internet')
    throw new UserError({
      message: `‘${role}’: Let’s Encrypt looks at port 80 from the internet, and the role is for ${expose === 'lan' ? 'the LAN' : 'the host'} only.`,
      hint: 'Prove the name by DNS, which works from anywhere: tls: { acme: letsencrypt, challenge: dns } (or with server and key, or hook). Or expose: internet, or tls: self-signed.',
    });
}

function challengeOf(
  context: CertificateContext,
  { challenge }: AcmeInput,
  names: readonly string[],
): AcmeChallenge {
  if (challenge === 'http') return { type: 'http-01' };
  if (challenge === 'dns') return ownDnsChallenge(context, names);
  if ('hook' in challenge) return { type: 'dns-01-hook', command: challenge.hook };
  const { server, port, zone, key, algorithm } = challenge;
  return {
    type: 'dns-01',
    server,
    port,
    ...(zone === undefined ? {} : { zone }),
    key: {
      name: key,
      algorithm,
      secret: context.secret('acme-tsig', {
        kind: 'token',
        brought: `the secret of the key ${key}, by which the name server ${server} takes updates (base64)`,
      }),
    },
  };
}
