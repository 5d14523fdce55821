import type { Facts } from '../../facts/facts.ts';

/** Since 1.25.1 HTTP/2 is a directive of its own and no parameter of `listen` any more, and HTTP/3 is in Debian's nginx. */
export function isModernNginx(facts: Pick<Facts, 'nginx' | 'os'>): boolean {
  const [major = 0, minor = 0, patch = 0] = versionOf(facts).split('.').map(Number);
  return major > 1 || minor > 25 || (minor === 25 && patch >= 1);
}

/** That of the one there, or else of the one that the release brings. */
function versionOf({ nginx, os }: Pick<Facts, 'nginx' | 'os'>): string {
  if (nginx.version) return nginx.version;
  const first = os.id === 'ubuntu' ? 25.04 : 13;
  return Number(os.version) >= first ? '1.26' : '1.22';
}
