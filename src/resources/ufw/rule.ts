import { familyOf } from '../../facts/address.ts';
import type { UfwRule } from '../../facts/firewall/ufw.ts';

/** A port that ufw should let in. */
export interface AllowRule {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
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
    `allow ${rule.protocol} ${rule.port} ${everyone} any ${from} in${rule.interface === '' ? '' : `_${rule.interface}`}`;
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
  const { protocol, port } = rule;
  const line = (chain: string): string =>
    `-A ${chain}${from}${onto} -p ${protocol} -m ${protocol} --dport ${port} -j ACCEPT`;
  const four = rule.from === 'any' || isIPv4(rule.from) ? [line('ufw-user-input')] : [];
  const six = ipv6 && (rule.from === 'any' || !isIPv4(rule.from)) ? [line('ufw6-user-input')] : [];
  return [...four, ...six];
}

/** The words behind `ufw allow`, without the comment: `ufw delete allow` takes the same ones. */
export function ufwWords(rule: AllowRule): readonly string[] {
  const { protocol, port, from } = rule;
  const onto = rule.interface === '' ? [] : ['in', 'on', rule.interface];
  return [...onto, 'proto', protocol, 'from', from, 'to', 'any', 'port', String(port)];
}

/** What a rule of ours in ufw's files stands for. */
export function toAllowRule(rule: UfwRule): AllowRule | undefined {
  if (rule.protocol === 'any' || !/^\d+$/.test(rule.ports)) return undefined;
  const everyone = rule.from === '0.0.0.0/0' || rule.from === '::/0';
  return {
    protocol: rule.protocol,
    port: Number(rule.ports),
    from: everyone ? 'any' : rule.from,
    interface: rule.interface,
    why: rule.comment.slice(MARK.length),
  };
}

function isIPv4(network: string): boolean {
  return familyOf(network.split('/')[0] ?? '') === 4;
}
