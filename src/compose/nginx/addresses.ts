import type { NginxListen } from '../../facts/nginx/servers.ts';
import type { NginxContext } from './context.ts';
import { listensOn, type Neighbours } from './neighbours.ts';

/** For a role that is for the host itself. */
export function loopbackAddresses(context: Pick<NginxContext, 'facts'>, port: number): readonly string[] {
  return [`127.0.0.1:${port}`, ...(hasIpv6(context) ? [`[::1]:${port}`] : [])];
}

/**
 * Never an address of the host: those change. Beside sites that answer over IPv4 only, so does this role: it would get
 * their visitors over IPv6, who until now fell back to IPv4.
 */
export function wildcardAddresses(
  context: Pick<NginxContext, 'facts'>,
  { foreign, own, stock }: Neighbours,
  port: number,
): readonly string[] {
  const theirs = foreign.flatMap((server) => listensOn(server, port));
  const ipv6 =
    hasIpv6(context) &&
    (foreign.length === 0 || stock || theirs.some(isIpv6) || listensOn(own, port).some(isIpv6));
  // Their IPv6 socket takes IPv4 too: a second socket for IPv4 could not be opened.
  const dual = theirs.some(({ dualStack }) => dualStack) && !theirs.some(({ address }) => address === '*');
  return [...(dual ? [] : [`${port}`]), ...(ipv6 || dual ? [`[::]:${port}`] : [])];
}

/** Every address of the host. */
export function isOpen({ address }: Pick<NginxListen, 'address'>): boolean {
  return address === '*' || address === '[::]';
}

function isIpv6({ address }: Pick<NginxListen, 'address'>): boolean {
  return address.startsWith('[');
}

/** Without IPv6 in the kernel nginx refuses to start on an IPv6 address. Unknown interfaces count as usual ones. */
export function hasIpv6({ facts }: Pick<NginxContext, 'facts'>): boolean {
  const { interfaces } = facts.network;
  return (
    interfaces.length === 0 ||
    interfaces.some(({ addresses }) => addresses.some(({ family }) => family === 6))
  );
}
