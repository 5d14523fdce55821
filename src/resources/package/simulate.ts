import { type Shell, sh } from '../../quote.ts';

/** What decides which packages apt-get(8) takes; the same for a simulation and for the real call. */
export const aptOptions = sh`-q -y --no-install-recommends`;

/**
 * Shell functions that ask apt what it would do, as nobody: as root it would write its cache. They only read.
 * The answer has parts that begin with a line `= NAME STATUS`; `simulation.ts` reads them.
 */
export const asking = sh`
hw_nobody() { LC_ALL=C setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; }

# hw_ask NAMES: what installing them would mean, what it needs of the disk, and whether the servers' names are known.
hw_ask() {
  hw_said=$(hw_nobody apt-get -s ${aptOptions} install -- "$@" 2>&1) && hw_code=0 || hw_code=$?
  printf '= apt %s\n%s\n' "$hw_code" "$hw_said"
  # Lists that do not know a name, or cannot be read, are fetched first.
  [ "$hw_code" = 0 ] || { hw_ask_sources; return 0; }
  hw_said=$(hw_nobody apt-get --print-uris ${aptOptions} install -- "$@" 2>/dev/null) || :
  printf '= need\n%s\n' "$hw_said" | grep -E '^(= need|Need to get|After this operation)' || :
  echo '= free'
  df -Pk /usr /var/lib/dpkg /var/cache/apt/archives 2>/dev/null | sed 1d | sort -u || :
  hw_ask_servers "$(printf '%s\n' "$hw_said" | sed -nE "s,^'https?://([^/@']*@)?([A-Za-z0-9.-]+).*,\2,p" | sort -u | head -n 5)"
}

# hw_ask_sources: the servers that the lists come from.
hw_ask_sources() {
  hw_ask_servers "$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    sed -nE '/^[[:space:]]*#/d; s,.*https?://([^/@ ]*@)?([A-Za-z0-9.-]+).*,\2,p' | sort -u | head -n 5)"
}

# hw_ask_servers HOSTS: can the host find out where they are? Where a proxy fetches, only the proxy matters.
hw_ask_servers() {
  [ -n "$1" ] || return 0
  [ -z "$(apt-config dump Acquire::http::Proxy-Auto-Detect Acquire::http::ProxyAutoDetect 2>/dev/null)" ] || return 0
  hw_proxy=$(apt-config shell hw_value Acquire::http::Proxy 2>/dev/null | sed -nE "s,^hw_value='([a-z0-9+]*://)?([^/@']*@)?([A-Za-z0-9.-]+).*,\3,p")
  echo '= servers'
  case $hw_proxy in
  '' | DIRECT) for hw_server in $1; do hw_ask_server "$hw_server"; done ;;
  *[!0-9.]*) hw_ask_server "$hw_proxy" ;;
  esac
  # Field 4 of the first has the flag of a gateway (route(8)), the target is everything.
  awk '$2 == "00000000" && $8 == "00000000" { print "= route"; exit }' /proc/net/route 2>/dev/null || :
  awk '$1 ~ /^0+$/ && $2 == "00" && $10 != "lo" { print "= route"; exit }' /proc/net/ipv6_route 2>/dev/null || :
  echo '= resolver'
  if [ -L /etc/resolv.conf ] && [ ! -e /etc/resolv.conf ]; then echo "link $(readlink /etc/resolv.conf | tr '\n\t' '??')"
  elif [ ! -e /etc/resolv.conf ]; then echo absent
  else sed -nE 's/^nameserver[[:space:]]+([0-9A-Fa-f.:%a-z]+).*/server \1/p' /etc/resolv.conf; fi
}
hw_ask_server() {
  if timeout 12 getent ahosts "$1" >/dev/null 2>&1; then echo "known $1"; else echo "unknown $1"; fi
}
`;

/**
 * Shell that asks apt what would go if these packages were removed; {@link parseRemovals} reads what it prints. Runs as
 * nobody and only reads. Names that are not installed count for nothing.
 */
export function removalSimulation(names: readonly string[]): Shell {
  return sh`hw_here=$(dpkg-query -W -f='\${db:Status-Abbrev}\${Package}\n' -- ${names} 2>/dev/null | sed -nE 's/^.[^nc].([a-z0-9][a-z0-9+.-]*)$/\1/p' | sort -u)
[ -z "$hw_here" ] || LC_ALL=C setpriv --reuid=nobody --regid=nogroup --clear-groups apt-get -s -q -y remove -- $hw_here 2>/dev/null || :`;
}

/**
 * The packages that apt would remove along with `names`, sorted: what depends on them and is not among them. Pure.
 * @param output what {@link removalSimulation} printed.
 */
export function parseRemovals(output: string, names: readonly string[]): readonly string[] {
  const own = new Set(names);
  const removed = output
    .split('\n')
    .flatMap((line) => /^(?:Remv|Purg) ([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)? \[/.exec(line)?.[1] ?? []);
  return [...new Set(removed)].filter((name) => !own.has(name)).sort();
}
