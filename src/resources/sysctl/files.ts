import { sh } from '../../quote.ts';

/** Where sysctl.d(5) looks, the strongest folder first: of two files with one name the earlier counts. */
export const FOLDERS = [
  '/etc/sysctl.d',
  '/run/sysctl.d',
  '/usr/local/lib/sysctl.d',
  '/usr/lib/sysctl.d',
  '/lib/sysctl.d',
];

/** Read last of all by `sysctl --system`. */
export const LAST = '/etc/sysctl.conf';

/** The files as patterns for the shell to expand. */
export const SOURCES = sh`/etc/sysctl.d/*.conf /run/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf \
  /usr/lib/sysctl.d/*.conf /lib/sysctl.d/*.conf /etc/sysctl.conf`;

/**
 * A key with dots between its parts, whatever it was written with. If its first separator is a slash, dots and
 * slashes swap their meaning (sysctl.d(5)): `net/ipv4/conf/eth0.100/forwarding`.
 */
export function canonicalKey(key: string): string {
  return /^[^./]*\//.test(key) ? swapSeparators(key) : key;
}

/** `net.ipv4.ip_forward` → `/proc/sys/net/ipv4/ip_forward`. */
export function keyPath(key: string): string {
  return `/proc/sys/${swapSeparators(key)}`;
}

/** The file that keeps the setting for the next boot. */
export function ownFile(key: string): string {
  return `/etc/sysctl.d/60-hostwright-${key.replaceAll('/', '+')}.conf`;
}

export function ownText({ key, value }: { readonly key: string; readonly value: string }): string {
  return `# Written by hostwright.\n${key} = ${value}\n`;
}

/** The kernel separates numbers by tabs; people by blanks. */
export function plainValue(value: string): string {
  return value.trim().replaceAll(/[ \t]+/g, ' ');
}

function swapSeparators(key: string): string {
  return key.replaceAll(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));
}
