import { certificatePaths } from '../../resources/certificate/paths.ts';
import { kind as certificateKind } from '../../resources/certificate.ts';
import type { Notification, Resource } from '../../resources/kind.ts';
import { kind as packageKind } from '../../resources/package.ts';
import type { PlanNote, RecipeContext } from '../recipe.ts';
import { acmeCertificate } from './acme.ts';
import type { TlsChoice } from './choose.ts';

/** What a role's service needs of its certificate. */
export interface CertificateWish extends Notification {
  /** Whose the key is; default: root. */
  readonly owner?: string;
  /** Who may read the key: the group that the service runs as. A package of the role, declared before, may bring it. */
  readonly group: string;
  /** Names that people reach the role by, before those that the host has anyway. */
  readonly names?: readonly string[];
}

/** A role's certificate: what to declare before the files that name it, and where it lies. */
export interface RoleCertificate {
  readonly resources: readonly Resource[];
  /** To be passed on as what comes after everything: it gets the certificate that replaces the first one. */
  readonly after: readonly Resource[];
  readonly notes: readonly Omit<PlanNote, 'role'>[];
  readonly certificate: string;
  readonly key: string;
  /** Programs take it without having been told to. */
  readonly trusted: boolean;
}

/** What a certificate depends on besides where it comes from. */
export type CertificateContext = Pick<
  RecipeContext<unknown>,
  | 'role'
  | 'host'
  | 'expose'
  | 'facts'
  | 'network'
  | 'endpoints'
  | 'others'
  | 'secret'
  | 'secretTemplate'
  | 'authority'
  | 'folder'
>;

/**
 * The certificate of that choice, named after the role. Its service is told when it has changed. Pure.
 * @throws {UserError} for what an authority would refuse
 */
export function certificateOf(
  context: CertificateContext,
  choice: Exclude<TlsChoice, { readonly source: 'none' }>,
  wish: CertificateWish,
): RoleCertificate {
  const { certificate, key } = certificatePaths(context.role);
  if (choice.source === 'acme') return { ...acmeCertificate(context, choice, wish), certificate, key };
  const { owner, group, names = [], service, action } = wish;
  const spec = {
    name: context.role,
    source: 'self-signed' as const,
    names: [...names, ...hostNames(context)],
    group,
    ...(owner === undefined ? {} : { owner }),
  };
  return {
    resources: [
      packageKind.of({ name: 'openssl' }),
      certificateKind.of(spec, { notify: [{ service, action }] }),
    ],
    after: [],
    notes: [],
    certificate,
    key,
    trusted: false,
  };
}

/**
 * Names and addresses under which the host is reached. An IPv6 address that the router has given comes and goes with the
 * provider's prefix, and every change of it would be another certificate.
 */
function hostNames({ host, expose, facts }: Pick<CertificateContext, 'host' | 'expose' | 'facts'>) {
  const names = [host, ...(host.includes('.') ? [] : [`${host}.local`]), 'localhost'];
  if (expose === 'host') return [...names, '127.0.0.1', '::1'];
  const addresses = facts.network.main?.addresses ?? [];
  return [
    ...names,
    ...addresses.filter(({ family, dynamic }) => family === 4 || !dynamic).map(({ address }) => address),
  ];
}
