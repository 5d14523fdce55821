import { spawn } from 'node:child_process';
import { isIPv4 } from 'node:net';
import { defaultRoute, ip, shownIn } from './ip.ts';

/** Where this host stands in its network, by IPv4. */
export interface HostNetwork {
  /** Next hop of the default route. */
  readonly gateway?: string;
  /** The host's own address on the way there. */
  readonly address?: string;
}

/** Asks the kernel. Never rejects. */
export async function readNetwork(tell: (text: string) => void): Promise<HostNetwork> {
  const route = await defaultRoute('-4', tell);
  const { gateway, dev, prefsrc } = route ?? {};
  if (typeof dev !== 'string') return {};
  const links = await ip(['-4', 'addr', 'show', 'dev', dev, 'scope', 'global'], tell);
  const own = links
    .flatMap(({ addr_info: infos }) => shownIn(infos))
    .map(({ local }) => local)
    .filter((local): local is string => typeof local === 'string' && isIPv4(local));
  // One that DHCP has given up stays for a while: the route's own word counts more.
  const address = typeof prefsrc === 'string' && own.includes(prefsrc) ? prefsrc : own[0];
  return {
    ...(typeof gateway === 'string' && isIPv4(gateway) ? { gateway } : {}),
    ...(address === undefined ? {} : { address }),
  };
}

/** Milliseconds: addresses come and go in bursts; after the watching program has ended. */
const SETTLE = 2_000;
const AGAIN = 10_000;

/**
 * Tells whenever addresses or routes of this host have changed, some two seconds after the last change.
 * @returns what stops it
 */
export function watchNetwork(changed: () => void, tell: (text: string) => void): () => void {
  let settle: NodeJS.Timeout | undefined;
  let again: NodeJS.Timeout | undefined;
  let isStopped = false;
  let isTold = false;
  let stop = (): void => undefined;
  const start = (): void => {
    const child = spawn('ip', ['-o', 'monitor', 'address', 'route'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    });
    stop = () => child.kill();
    child.stdout.on('data', () => {
      clearTimeout(settle);
      settle = setTimeout(changed, SETTLE);
    });
    const ended = (): void => {
      if (isStopped || again !== undefined) return;
      if (!isTold)
        tell('Changes of addresses can’t be watched (ip monitor); they are looked for by the clock.');
      isTold = true;
      again = setTimeout(() => {
        again = undefined;
        start();
      }, AGAIN);
    };
    child.on('error', ended);
    child.on('exit', ended);
  };
  start();
  return () => {
    isStopped = true;
    clearTimeout(settle);
    clearTimeout(again);
    stop();
  };
}
