/** One chain of packet filter rules, whichever tool it was read with. */
export interface Chain {
  /** `ip`, `ip6`, `inet`. */
  readonly family: string;
  readonly table: string;
  readonly name: string;
  /** `input`, `prerouting`…; absent for a chain that is only jumped to. */
  readonly hook?: string;
  /** `filter` or `nat`; absent like `hook`. */
  readonly type?: string;
  readonly policy?: string;
  readonly rules: readonly Rule[];
}

/** What matters here of one rule. */
export interface Rule {
  /** It drops or rejects. */
  readonly refuses: boolean;
  /**
   * It only concerns some senders, a packet state, a mark or a rate: a ban list (fail2ban, CrowdSec) or a guard against
   * forged packets. Such rules do not decide which ports are open.
   */
  readonly narrow: boolean;
  /** Chains that it jumps or goes to. */
  readonly jumps: readonly string[];
  /** The port that it redirects to another machine or container. */
  readonly redirects?: ForwardedPort;
}

/** A port that address translation hands on before any input chain sees the packet. */
export interface ForwardedPort {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

/** A chain that decides which ports are open. */
export interface FilteringChain {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  /** In words: `its policy is drop`. */
  readonly because: string;
}

/** The input chains that close ports. */
export function filteringChains(chains: readonly Chain[]): readonly FilteringChain[] {
  return refusingChains(chains, 'input');
}

/**
 * The forward chains that refuse, made by hand. Docker's FORWARD chain asks DOCKER-USER first, which is there for the rules of others;
 * what Docker and libvirt have in tables of their own is about their own networks.
 */
export function forwardFilters(chains: readonly Chain[]): readonly FilteringChain[] {
  const docker = new Set(
    chains.filter(({ name }) => name === 'DOCKER-USER').map(({ family, table }) => `${family} ${table}`),
  );
  const theirs = (table: string): boolean => table === 'libvirt_network' || table.startsWith('docker-');
  return refusingChains(chains, 'forward').filter(
    ({ family, table }) => !theirs(table) && !docker.has(`${family} ${table}`),
  );
}

function refusingChains(chains: readonly Chain[], point: 'input' | 'forward'): readonly FilteringChain[] {
  return chains
    .filter(({ hook, type }) => hook === point && type === 'filter')
    .flatMap((chain) => {
      const { family, table, name, policy } = chain;
      if (policy === 'drop') return { family, table, chain: name, because: 'its policy is drop' };
      const refusing = findRefusing(chain, chains, new Set());
      return refusing === undefined
        ? []
        : { family, table, chain: name, because: `chain ${refusing} has a rule that drops or rejects` };
    });
}

/** The name of the chain, this one or one that it leads to, that refuses packets from anybody. */
function findRefusing(chain: Chain, all: readonly Chain[], seen: Set<string>): string | undefined {
  if (seen.has(chain.name)) return undefined;
  seen.add(chain.name);
  for (const rule of chain.rules) {
    if (rule.narrow) continue;
    if (rule.refuses) return chain.name;
    for (const target of all) {
      const led =
        rule.jumps.includes(target.name) && target.table === chain.table && target.family === chain.family;
      const found = led ? findRefusing(target, all, seen) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** Ports that are handed on by address translation: containers, virtual machines. */
export function forwardedPorts(chains: readonly Chain[]): readonly ForwardedPort[] {
  const found = new Map<string, ForwardedPort>();
  for (const { redirects } of chains.flatMap(({ rules }) => rules)) {
    if (redirects) found.set(`${redirects.port}/${redirects.protocol}`, redirects);
  }
  return [...found.values()].sort((a, b) => a.port - b.port || a.protocol.localeCompare(b.protocol));
}
