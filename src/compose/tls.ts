import { z } from 'zod';
import { certificatePaths } from '../resources/certificate/paths.ts';
import { kind as certificateKind } from '../resources/certificate.ts';
import type { Notification, Resource } from '../resources/kind.ts';
import { kind as packageKind } from '../resources/package.ts';
import type { RecipeContext } from './recipe.ts';

/** The input `tls` of a role whose service speaks TLS: where its certificate comes from. */
export function tlsInput() {
  return z.enum(['auto', 'self-signed']).default('auto').meta({
    help: 'Where the certificate comes from. auto: the best that this version can have, which is self-signed.',
    example: 'self-signed',
  });
}

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
  readonly certificate: string;
  readonly key: string;
}

/** The certificate of a role, named after it. Its service is told when it has changed. Pure. */
export function certificateFor(
  context: Pick<
    RecipeContext<{ readonly tls: z.output<ReturnType<typeof tlsInput>> }>,
    'role' | 'host' | 'input' | 'expose' | 'facts'
  >,
  { owner, group, names = [], service, action }: CertificateWish,
): RoleCertificate {
  const { certificate, key } = certificatePaths(context.role);
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
    certificate,
    key,
  };
}

/**
 * Names and addresses under which the host is reached. An IPv6 address that the router has given comes and goes with the
 * provider's prefix, and every change of it would be another certificate.
 */
function hostNames({ host, expose, facts }: Pick<RecipeContext<unknown>, 'host' | 'expose' | 'facts'>) {
  const names = [host, ...(host.includes('.') ? [] : [`${host}.local`]), 'localhost'];
  if (expose === 'host') return [...names, '127.0.0.1', '::1'];
  const addresses = facts.network.main?.addresses ?? [];
  return [
    ...names,
    ...addresses.filter(({ family, dynamic }) => family === 4 || !dynamic).map(({ address }) => address),
  ];
}
