import { createHash } from 'node:crypto';

/**
 * What MariaDB keeps of a password for the plugin mysql_native_password: `*` and SHA-1 of SHA-1 in hexadecimal
 * (MariaDB, "PASSWORD"). Why this plugin: docs/decisions/0022.
 */
export function nativeVerifier(password: string): string {
  const once = createHash('sha1').update(password).digest();
  return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`;
}
