import type { RecipeContext } from './recipe.ts';
import {
  type CertificateContext,
  type CertificateWish,
  certificateOf,
  type RoleCertificate,
} from './tls/certificate.ts';
import { choose } from './tls/choose.ts';
import type { tlsInput } from './tls/input.ts';

/**
 * The certificate of a role whose service always speaks TLS, named after it. Its service is told when it has changed. Pure.
 * @throws {UserError} for what an authority would refuse
 */
export function certificateFor(
  context: CertificateContext &
    Pick<RecipeContext<{ readonly tls: ReturnType<typeof tlsInput>['_zod']['output'] }>, 'input'>,
  wish: CertificateWish,
): RoleCertificate {
  const { input, expose } = context;
  const choice = choose({ tls: input.tls, expose, names: wish.names ?? [], web: false });
  if (choice.source === 'none') throw new Error('A service that always speaks TLS has no choice of none.');
  return certificateOf(context, choice, wish);
}
