/** Running programs of this computer as if it were the lab's laptop: on its network, with its resolver. */
import { join } from 'node:path';
import { type Shell, sh } from '../quote.ts';
import { labFolder } from './places.ts';
import { caller, isRoot } from './root.ts';
import type { LabState } from './state.ts';

/** What a program may need of the environment that sudo would take away. */
const KEPT = [
  ...['HOME', 'USER', 'LOGNAME', 'PATH', 'TERM', 'LANG', 'NO_COLOR', 'FORCE_COLOR', 'SSH_AUTH_SOCK'],
  ...['XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'HOSTWRIGHT_IDENTITY'],
];

/**
 * The command line that runs `argv` in the laptop's network namespace, under the account of whoever calls, with the
 * files of this computer. Only /etc/resolv.conf is the laptop's, seen by that process alone.
 * A name that this computer resolves without /etc/resolv.conf (nss-resolve) is not resolved by the lab.
 */
export function laptopArgv(state: LabState, argv: readonly string[]): string[] {
  const enter = [
    'nsenter',
    `--net=${state.namespaces.laptop}`,
    'unshare',
    ...['--mount', '--propagation', 'slave', '--'],
    ...['sh', '-c', withResolver(join(labFolder(state.name), 'resolv.conf')).text, 'sh'],
  ];
  if (isRoot()) return [...enter, ...argv];
  const { uid, gid } = caller();
  const environment = KEPT.flatMap((name) =>
    process.env[name] === undefined ? [] : [`${name}=${process.env[name]}`],
  );
  const back = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--', 'env', ...environment];
  return ['sudo', '--', ...enter, ...back, ...argv];
}

/** Where /etc/resolv.conf is a link, what it points at is covered; where there is none, names stay unresolved. */
function withResolver(file: string): Shell {
  return sh`target=$(readlink -f /etc/resolv.conf) && [ -e "$target" ] && mount --bind ${file} "$target"
exec "$@"`;
}
