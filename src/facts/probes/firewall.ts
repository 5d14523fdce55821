import { sh } from '../../quote.ts';
import {
  type Chain,
  type FilteringChain,
  type ForwardedPort,
  filteringChains,
  forwardedPorts,
  forwardFilters,
} from '../firewall/chains.ts';
import { type Firewalld, readFirewalld } from '../firewall/firewalld.ts';
import { readIptablesSave } from '../firewall/iptables-save.ts';
import { type KeptPort, keptPorts } from '../firewall/kept.ts';
import { readNftJson } from '../firewall/nft-json.ts';
import { readUfw, type Ufw } from '../firewall/ufw.ts';
import { defineFact } from '../probe.ts';
import { sections } from '../sections.ts';

/** What decides on this machine which packets come in. */
export interface Firewall {
  readonly ours: OurFirewall;
  readonly ufw: Ufw;
  readonly firewalld: Firewalld;
  /** Docker's daemon is there. */
  readonly docker: boolean;
  /** Ports that are handed to containers or virtual machines before any input chain sees the packet. */
  readonly forwarded: readonly ForwardedPort[];
  /** Input chains that close ports and belong to neither us nor ufw nor firewalld. */
  readonly foreign: readonly FilteringChain[];
  /** Forward chains that refuse and belong to neither us nor ufw, firewalld, Docker nor libvirt. */
  readonly forwardFilters: readonly FilteringChain[];
}

/** Our own table. */
export interface OurFirewall {
  /** Its file is on the disk or the table is in the kernel. */
  readonly present: boolean;
  /** Ports that were listening before the firewall was set up, and were kept open; absent when its file is not there. */
  readonly kept?: readonly KeptPort[];
}

export const fact = defineFact<Firewall>({
  // `nft list` and `iptables-save` only read; `iptables -L` would create tables. -t leaves out the contents of sets: ban lists are long.
  // The list of legacy tables is asked first, since reading them would load their modules.
  script: sh`echo '##ours'; cat /etc/hostwright/firewall.nft 2>/dev/null
echo '##nft'; if command -v nft >/dev/null; then nft -j -t list ruleset 2>/dev/null; else
  echo '##iptables'; iptables-save 2>/dev/null; echo '##ip6tables'; ip6tables-save 2>/dev/null; fi
[ -s /proc/net/ip_tables_names ] && { echo '##legacy'; iptables-legacy-save 2>/dev/null; }
[ -s /proc/net/ip6_tables_names ] && { echo '##legacy6'; ip6tables-legacy-save 2>/dev/null; }
echo '##ufw'; [ -x /usr/sbin/ufw ] && cat /etc/ufw/ufw.conf /etc/default/ufw /etc/ufw/user.rules /etc/ufw/user6.rules 2>/dev/null
echo '##firewalld'; if systemctl -q is-active firewalld 2>/dev/null; then echo running; grep '^DefaultZone=' /etc/firewalld/firewalld.conf 2>/dev/null; echo; firewall-cmd --list-all-zones 2>/dev/null; fi
echo '##docker'; [ -S /run/docker.sock ] && echo yes
true`,
  parse(output) {
    const part = sections(output);
    const nft = readNftJson(part('nft'));
    const chains: readonly Chain[] = [
      ...(nft ?? []),
      ...readIptablesSave(part('iptables') + part('legacy'), 'ip'),
      ...readIptablesSave(part('ip6tables') + part('legacy6'), 'ip6'),
    ];
    const ufw = readUfw(part('ufw'));
    const firewalld = readFirewalld(part('firewalld'));
    const others = chains.filter((chain) => !isManaged(chain, { ufw, firewalld }));
    const loaded = chains.some((chain) => isFirewall(chain));
    return {
      ours: ourFirewall(part('ours'), loaded),
      ufw,
      firewalld,
      docker: part('docker').trim() === 'yes',
      forwarded: forwardedPorts(others),
      foreign: filteringChains(others),
      forwardFilters: forwardFilters(others),
    };
  },
});

/** The firewall's table, which `ours` tells of. */
function isFirewall({ family, table }: Chain): boolean {
  return family === 'inet' && table === 'hostwright';
}

/** Any table of ours: those of `forward` roles begin with hostwright_. */
function isOurs(chain: Chain): boolean {
  return isFirewall(chain) || (chain.family === 'inet' && chain.table.startsWith('hostwright_'));
}

/** ufw writes into the tables that iptables made; firewalld has tables of its own name. */
function isManaged(chain: Chain, { ufw, firewalld }: Pick<Firewall, 'ufw' | 'firewalld'>): boolean {
  if (isOurs(chain)) return true;
  if (ufw.state === 'active' && chain.table === 'filter' && chain.family !== 'inet') return true;
  return firewalld.running && chain.table.startsWith('firewalld');
}

/** From the file and not the kernel: what was kept must outlast a flushed table. */
function ourFirewall(rules: string, loaded: boolean): OurFirewall {
  return rules.trim() === '' ? { present: loaded } : { present: true, kept: keptPorts(rules) };
}
