/** A port that was listening before our firewall was set up, and was kept open. */
export interface KeptPort {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** Name of the process that was listening; may be empty. */
  readonly process: string;
}

/** How the comment of such a rule begins. No role's name holds a colon. */
export const KEPT = 'kept:';

/** Reads the kept ports back from our nft file. */
export function keptPorts(rules: string): readonly KeptPort[] {
  const rule = /^\s*(tcp|udp) dport (\d+) accept comment "kept: ?([^"]*)"$/gm;
  return Array.from(rules.matchAll(rule), ([, protocol, port, process = '']) => ({
    protocol: protocol === 'udp' ? ('udp' as const) : ('tcp' as const),
    port: Number(port),
    process,
  }));
}
