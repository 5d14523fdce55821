import { sh } from '../../quote.ts';
import { canonicalAddress, type Family, familyOf, isLoopback } from '../address.ts';
import { defineFact } from '../probe.ts';
import { sections } from '../sections.ts';

/** A socket that waits for others: TCP in LISTEN, or UDP bound without a peer. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  /** Canonical; `0.0.0.0` or `::` for every address. */
  readonly address: string;
  /** The families it answers: a `::` socket usually answers both. */
  readonly families: readonly Family[];
  readonly port: number;
  /** Set when it is bound to one interface. */
  readonly interface?: string;
  /** Only the machine itself can reach it. */
  readonly loopbackOnly: boolean;
  /** Name of the process; `systemd` for a socket unit; empty when unknown. */
  readonly process: string;
  readonly pid?: number;
  /** systemd unit of the process: `nginx.service`. */
  readonly unit?: string;
  /** Docker publishes it (docker-proxy): Docker's own rules let it past the input chain. */
  readonly docker: boolean;
}

export const fact = defineFact<readonly Listener[]>({
  // One `ss` (ss(8)), and one `grep` over the control groups of the processes that it names (cgroups(7)).
  script: sh`s=$(ss -H -lntup 2>/dev/null)
echo '##sockets'; printf '%s\n' "$s"
echo '##units'; set --
for p in $(printf '%s\n' "$s" | grep -o 'pid=[0-9]*' | sort -u); do set -- "$@" "/proc/\${p#pid=}/cgroup"; done
[ $# -gt 0 ] && grep -H '' "$@" 2>/dev/null
true`,
  parse(output) {
    const part = sections(output);
    const units = unitsByPid(part('units'));
    const found = new Map<string, Listener>();
    for (const line of part('sockets').split('\n')) {
      const listener = toListener(line, units);
      if (!listener) continue;
      // Several workers hold one socket, or several sockets share one port (SO_REUSEPORT).
      const { protocol, address, port, interface: dev = '', families } = listener;
      const key = [protocol, address, port, dev, families.length].join(' ');
      if (!found.has(key)) found.set(key, listener);
    }
    return [...found.values()].sort((a, b) => a.port - b.port || a.protocol.localeCompare(b.protocol));
  },
});

/** `tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=612,fd=3))`; undefined for anything else. */
function toListener(line: string, units: ReadonlyMap<number, string>): Listener | undefined {
  const match = /^(tcp|udp)\s+\S+\s+\d+\s+\d+\s+(\S+):(\d+)\s+\S+\s*(.*)$/.exec(line.trim());
  if (!match) return undefined;
  const [, protocol, local = '', port, rest = ''] = match;
  const [bare = '', dev] = local.replace(/^\[(.*)\](%.*)?$/, '$1$2').split('%');
  const address = bare === '*' ? '::' : canonicalAddress(bare);
  const family = familyOf(address);
  if (family === undefined) return undefined;
  // Process names are free text and may hold quotes and brackets: the pid ends them.
  const owner = /\(\("(.*?)",pid=(\d+),/.exec(rest);
  const pid = owner ? Number(owner[2]) : undefined;
  const unit = pid === undefined ? undefined : units.get(pid);
  return {
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
    address,
    // ss writes `*` for a socket of both families and `[::]` for one of IPv6 only.
    families: bare === '*' ? [4, 6] : [family],
    port: Number(port),
    ...(dev ? { interface: dev } : {}),
    loopbackOnly: isLoopback(address) || dev === 'lo',
    process: owner?.[1] ?? '',
    ...(pid === undefined ? {} : { pid }),
    ...(unit === undefined ? {} : { unit }),
    docker: owner?.[1] === 'docker-proxy',
  };
}

/** The last component of a control group that is a unit; version 2 and the systemd tree of version 1 look alike. */
function unitsByPid(text: string): Map<number, string> {
  const units = new Map<number, string>();
  for (const [, pid, path = ''] of text.matchAll(/^\/proc\/(\d+)\/cgroup:(?:0::|\d+:name=systemd:)(.*)$/gm)) {
    const unit = path.split('/').findLast((part) => /\.(service|scope|socket)$/.test(part));
    if (unit) units.set(Number(pid), unit);
  }
  return units;
}
