import { kind as file } from '../../src/resources/file.ts';
import type { Resource } from '../../src/resources/kind.ts';
import { verifier } from '../../src/secrets/crypt.ts';
import { Secret } from '../../src/secrets/secret.ts';
import type { ProxyContext } from './inputs.ts';

/**
 * nginx asks for the password with every request, of which a page has dozens: 2^10 blocks, 1 MiB and some 3 ms, where an
 * account's verifier takes 70 ms. A password out of the vault has 116 bits, which nobody guesses at any cost.
 */
const COST = { logN: 10, r: 8, p: 1 } as const;

/** Below /etc/nginx and beside nothing of nginx's own: no pattern of nginx.conf reads it. */
export function passwordPath(role: string): string {
  return `/etc/nginx/hostwright-${role}.htpasswd`;
}

/** Names and verifiers for basic authentication; nothing where nobody is asked. nginx reads it with each request. */
export function passwordFile({ role, input, secret, secretTemplate }: ProxyContext): Resource | undefined {
  if (input.auth.length === 0) return undefined;
  const users = input.auth.map((name) => {
    const password = secret(name);
    const hash = verifier(password.reveal(), password.salt(`basic authentication of ${name}`, 16), COST);
    return { name, verifier: new Secret(hash, password.mark, { planMark: password.planMark }) };
  });
  const content = secretTemplate('htpasswd', { role, users });
  // The processes that serve requests are www-data's.
  return file.of({ path: passwordPath(role), content, mode: '0640', group: 'www-data' });
}
