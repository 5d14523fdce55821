import type { RecipeContext } from '../recipe.ts';
import { certificateOf, type RoleCertificate } from '../tls/certificate.ts';
import { type NginxInput, namesOf, tlsOf } from './context.ts';

/**
 * The certificate of a role that nginx serves; undefined where it has none. nginx reads the key as root, before it
 * becomes anybody else.
 * @throws {UserError} for what an authority would refuse
 */
export function webCertificate(context: RecipeContext<NginxInput>): RoleCertificate | undefined {
  const choice = tlsOf(context);
  if (choice.source === 'none') return undefined;
  return certificateOf(context, choice, {
    group: 'root',
    names: namesOf(context.input),
    service: 'nginx',
    action: 'reload',
  });
}
