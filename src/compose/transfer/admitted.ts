import { isPrivateAddress } from '../../facts/address.ts';
import { findLan } from '../lan.ts';
import type { RecipeContext } from '../recipe.ts';

const LOOPBACK = ['127.0.0.0/8', '::1/128'];

/**
 * Ranges that count as LAN where a server itself holds to them, beside the firewall. The public IPv6 prefix of a network
 * comes and goes, and is never written down: where the firewall role follows it, all of public IPv6 is left to that.
 */
export function lanRanges({
  facts,
  network,
  others,
}: Pick<RecipeContext<unknown>, 'facts' | 'network' | 'others'>): readonly string[] {
  const lan = findLan(facts.network, network);
  const attached = lan.prefixes.filter((prefix) => isPrivateAddress(prefix.split('/')[0] ?? ''));
  const followed =
    lan.prefixes.length > attached.length && others.some(({ recipe }) => recipe === 'firewall');
  return [
    ...new Set([
      ...LOOPBACK,
      ...(lan.interfaces.length > 0 ? ['fe80::/10'] : []),
      ...attached,
      ...lan.ranges,
      ...(followed ? ['2000::/3'] : []),
    ]),
  ];
}

/** Who may reach a role, as ranges; undefined: everybody. */
export function admittedRanges(
  context: Pick<RecipeContext<unknown>, 'expose' | 'facts' | 'network' | 'others'>,
): readonly string[] | undefined {
  if (context.expose === 'internet') return undefined;
  return context.expose === 'host' ? LOOPBACK : lanRanges(context);
}
