import { lastPortOf, type PortRange } from '../../compose/port-range.ts';
import { familyOf } from '../../facts/address.ts';
import type { UfwRule } from '../../facts/firewall/ufw.ts';

/** A port or a range that ufw should let in. */
export interface AllowRule extends PortRange {
  readonly protocol: 'tcp' | 'udp';
  /** CIDR, or `any` for both families. */
  readonly from: string;
  /** Empty for every interface. */
  readonly interface: string;
  /** What the rule is for; written behind `hostwright ` as ufw's comment. */
  readonly why: string;
}

/** How the rules of ours are told from the others: their comment begins so. */
export const MARK = 'hostwright ';

/** What follows `### tuple ### ` in ufw's files, up to the comment. */
export type Tuple = string;

/** The tuples that ufw makes of one rule: `any` gives one for each family that it writes. */
export function tuplesOf(rule: AllowRule, ipv6: boolean): readonly Tuple[] {
  const tuple = (everyone: string, from: string): Tuple =>
    `allow ${rule.protocol} ${portWord(rule)} ${everyone} any ${from} in${rule.interface === '' ? '' : `_${rule.interface}`}`;
  if (rule.from === 'any') {
    return [tuple('0.0.0.0/0', '0.0.0.0/0'), ...(ipv6 ? [tuple('::/0', '::/0')] : [])];
  }
  if (isIPv4(rule.from)) return [tuple('0.0.0.0/0', rule.from)];
  return ipv6 ? [tuple('::/0', rule.from)] : [];
}

/** The same rule as the kernel lists it: a line of `iptables-save` or `ip6tables-save`. */
export function liveLines(rule: AllowRule, ipv6: boolean): readonly string[] {
  const from = rule.from === 'any' ? '' : ` -s ${rule.from}`;
  const onto = rule.interface === '' ? '' : ` -i ${rule.interface}`;
  const { protocol } = rule;
  // ufw has ranges matched by the module for several ports.
  const match = lastPortOf(rule) === rule.port ? `${protocol} --dport` : 'multiport --dports';
  const line = (chain: string): string =>
    `-A ${chain}${from}${onto} -p ${protocol} -m ${match} ${portWord(rule)} -j ACCEPT`;
  const four = rule.from === 'any' || isIPv4(rule.from) ? [line('ufw-user-input')] : [];
  const six = ipv6 && (rule.from === 'any' || !isIPv4(rule.from)) ? [line('ufw6-user-input')] : [];
  return [...four, ...six];
}

/** The words behind `ufw allow`, without the comment: `ufw delete allow` takes the same ones. */
export function ufwWords(rule: AllowRule): readonly string[] {
  const { protocol, from } = rule;
  const onto = rule.interface === '' ? [] : ['in', 'on', rule.interface];
  return [...onto, 'proto', protocol, 'from', from, 'to', 'any', 'port', portWord(rule)];
}

/** What a rule of ours in ufw's files stands for. */
export function toAllowRule(rule: UfwRule): AllowRule | undefined {
  if (rule.protocol === 'any' || !/^\d+(?::\d+)?$/.test(rule.ports)) return undefined;
  const [port, lastPort] = rule.ports.split(':').map(Number);
  if (port === undefined) return undefined;
  const everyone = rule.from === '0.0.0.0/0' || rule.from === '::/0';
  return {
    protocol: rule.protocol,
    port,
    ...(lastPort === undefined ? {} : { lastPort }),
    from: everyone ? 'any' : rule.from,
    interface: rule.interface,
    why: rule.comment.slice(MARK.length),
  };
}

/** ufw(8) writes ranges with a colon. */
function portWord(rule: PortRange): string {
  const last = lastPortOf(rule);
  return last === rule.port ? `${rule.port}` : `${rule.port}:${last}`;
}

function isIPv4(network: string): boolean {
  return familyOf(network.split('/')[0] ?? '') === 4;
}
