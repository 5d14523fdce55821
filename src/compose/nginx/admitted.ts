import { isPrivateAddress } from '../../facts/address.ts';
import type { Exposure } from '../recipe.ts';
import type { NginxContext } from './context.ts';

const REACH: Readonly<Record<Exposure, number>> = { host: 0, lan: 1, internet: 2 };
const LOOPBACK = ['127.0.0.0/8', '::1'];

/**
 * Addresses that nginx itself has to hold to, because the port is open to more people than this role is: the firewall
 * sees ports, not names. Empty when the port settles it. Public IPv6 prefixes come and go and are never written down.
 */
export function admitted(
  { facts, network, endpoints, role, expose }: NginxContext,
  port: number,
): readonly string[] {
  const others = endpoints.filter((endpoint) => endpoint.role !== role && endpoint.port === port);
  if (!others.some((other) => REACH[other.expose] > REACH[expose])) return [];
  if (expose === 'host') return LOOPBACK;
  const attached = (facts.network.main?.prefixes ?? []).filter((prefix) =>
    isPrivateAddress(prefix.split('/')[0] ?? ''),
  );
  return [...new Set([...LOOPBACK, 'fe80::/10', ...attached, ...network.lan])];
}
