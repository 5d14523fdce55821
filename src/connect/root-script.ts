import { randomBytes } from 'node:crypto';
import { joinShell, type Shell, sh } from '../quote.ts';
import type { Sudo } from './connection.ts';

/** What the wrapper prints, each with a nonce that no output of the host can hold by chance or by malice. */
export interface Markers {
  /** A line on stdout, after a climb on stderr too: the program starts now, as root, and stdin is its own. */
  readonly root: string;
  /** A line on stdout: sudo is there and wants a password. */
  readonly password: string;
  /** A line on stdout: there is no sudo on the host. */
  readonly noSudo: string;
  /** sudo's prompt on stderr. */
  readonly prompt: string;
}

export function newMarkers(): Markers {
  const nonce = `hostwright-${randomBytes(16).toString('hex')}`;
  return {
    root: `${nonce}:root`,
    password: `${nonce}:password`,
    noSudo: `${nonce}:no-sudo`,
    prompt: `${nonce}:prompt `,
  };
}

/** The program with a predictable environment, which says that it has started. */
export function announced(program: Shell, { root }: Markers): Shell {
  const environment = sh`LC_ALL=C; export LC_ALL
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
cd /`;
  return joinShell([environment, sh`printf '%s\n' ${root}`, program]);
}

/** The same at the top of a climb: what was said on stderr on the way ends there as well, however late it is read. */
function atTheTop(program: Shell, markers: Markers): string {
  return announced(joinShell([sh`printf '%s\n' ${markers.root} >&2`, program]), markers).text;
}

/**
 * Becomes root by sudo and runs the program: at once if we are root already or sudo asks for nothing,
 * else after sudo has read the password from stdin. Nothing else reads from stdin before the program.
 */
export function sudoScript(program: Shell, markers: Markers, sudo: Exclude<Sudo, 'none'>): Shell {
  const inner = atTheTop(program, markers);
  if (typeof sudo === 'object') {
    const words = sudo.command.split(/\s+/).filter((word) => word !== '');
    return sh`[ "$(id -u)" = 0 ] && exec sh -c ${inner}
exec ${words} sh -c ${inner}`;
  }
  const withoutPassword = sh`sudo -n -- sh -c : </dev/null >/dev/null 2>&1 && exec sudo -n -- sh -c "$p"`;
  return joinShell([
    sh`p=${inner}; LC_ALL=C; export LC_ALL`,
    sh`[ "$(id -u)" = 0 ] && exec sh -c "$p"`,
    sh`command -v sudo >/dev/null || { printf '%s\n' ${markers.noSudo}; exit 1; }`,
    ...(sudo === 'ask' ? [] : [withoutPassword]),
    sh`printf '%s\n' ${markers.password}; exec sudo -S -k -p ${markers.prompt} -- sh -c "$p"`,
  ]);
}

/** Becomes root by su, which reads root's password from stdin byte by byte when it has no terminal. */
export function suScript(program: Shell, markers: Markers): Shell {
  return sh`LC_ALL=C; export LC_ALL; exec su -s /bin/sh -c ${atTheTop(program, markers)} root`;
}
