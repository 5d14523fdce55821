/**
 * How machines of the LAN ask the router to open ports: UPnP IGD, NAT-PMP (RFC 6886) and PCP (RFC 6887), all three by
 * miniupnpd, which is what many home routers run.
 */
import { sh } from '../quote.ts';
import { LAN, WAN } from './network.ts';
import type { NodeFile } from './nodes/node.ts';

/** Which protocols the router answers. */
export interface MappingProtocols {
  readonly upnp: boolean;
  readonly natPmp: boolean;
  readonly pcp: boolean;
}

export const ALL_PROTOCOLS: MappingProtocols = { upnp: true, natPmp: true, pcp: true };

const FILE = '/etc/lab/miniupnpd.conf';
const HAIRPIN = '/etc/lab/hairpin';

/** ext_ip: the public side has a documentation address, which miniupnpd takes for one behind another NAT. */
const configuration = ({ upnp }: MappingProtocols): string => `ext_ifname=wan
ext_ip=${WAN.router.v4}
ext_allow_private_ipv4=yes
listening_ip=lan
enable_upnp=${upnp ? 'yes' : 'no'}
enable_pcp_pmp=yes
secure_mode=yes
http_port=5000
min_lifetime=120
max_lifetime=86400
upnp_table_name=router
upnp_nat_table_name=router
upnp_forward_chain=upnp
upnp_nat_chain=upnp-in
upnp_nat_postrouting_chain=upnp-out
friendly_name=Lab router
model_name=Lab
manufacturer_name=hostwright
uuid=68776c61-622d-4726-8f75-746572000001
allow 1-65535 ${LAN.cidr} 1-65535
deny 0-65535 0.0.0.0/0 0-65535
`;

/**
 * miniupnpd sends on what comes from outside only. This lets the LAN reach a mapping by the public address too, as
 * routers for homes do: its rules are kept in another chain once more, for packets of the LAN.
 */
const MIRROR = sh`mirror() {
  {
    echo flush chain inet router hairpin
    nft --stateless list chain inet router upnp-in | sed -n \
      -e 's/@nh,72,8 0x6 th dport/tcp dport/' -e 's/@nh,72,8 0x11 th dport/udp dport/' \
      -e 's/^.*iif "wan" \(.* dnat ip to .*\)$/add rule inet router hairpin ip daddr ${WAN.router.v4} \1/p'
  } | nft --file -
}
nft monitor rules | while read -r event; do
  case $event in *' upnp-in '*) ;; *) continue ;; esac
  # Two who change rules at the same time are in each other's way: miniupnpd's fail then. So this waits until it has done.
  while read -r -t 0.5 event; do :; done
  mirror || :
done
`.text;

export function mappingFiles(protocols: MappingProtocols): Readonly<Record<string, NodeFile>> {
  return { [FILE]: { text: configuration(protocols) }, [HAIRPIN]: { text: MIRROR } };
}

/**
 * Rules for the router's input: miniupnpd has one switch for NAT-PMP and PCP, whose requests begin with their version, 0
 * and 2 (RFC 6886 section 3, RFC 6887 section 7).
 */
export function mappingSilence({ natPmp, pcp }: MappingProtocols): string {
  const silent = [...(natPmp ? [] : [0]), ...(pcp ? [] : [2])];
  return silent.map((version) => `    udp dport 5351 @th,64,8 ${version} drop\n`).join('');
}

/** Chains that mappings go to, of the table `inet router`. */
export const MAPPING_CHAINS = `  chain upnp {
  }
  chain upnp-in {
  }
  chain upnp-out {
  }
  chain hairpin {
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    jump upnp-in
    iifname "lan" jump hairpin
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    jump upnp-out
    ct status dnat iifname "lan" oifname "lan" masquerade
  }
`;

/** Part of the router's start; a router that answers no protocol does not run miniupnpd. */
export function startMapping({ upnp, natPmp, pcp }: MappingProtocols): string {
  if (!upnp && !natPmp && !pcp) return '';
  return `bash ${HAIRPIN} &
miniupnpd -d -f ${FILE} >/var/log/miniupnpd.log 2>&1 &
`;
}
