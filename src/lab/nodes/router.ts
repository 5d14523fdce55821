/** The router: NAT for IPv4, a firewall for both families, DHCP, router advertisements and the LAN's DNS. */
import { peerImage } from '../images.ts';
import {
  ALL_PROTOCOLS,
  MAPPING_CHAINS,
  type MappingProtocols,
  mappingFiles,
  mappingSilence,
  startMapping,
} from '../mapping.ts';
import { ADDRESSES, BOX_V4, LAN, WAN } from '../network.ts';
import { LAN_NAMES, RESERVATIONS, reservationFiles } from '../reservation.ts';
import type { Node } from './node.ts';

export function router(protocols: MappingProtocols = ALL_PROTOCOLS): Node {
  return {
    name: 'router',
    image: peerImage(),
    files: {
      '/etc/resolv.conf': { text: 'nameserver 127.0.0.1\n' },
      '/etc/lab/firewall.nft': { text: firewall(protocols) },
      '/etc/lab/dnsmasq.conf': { text: DNSMASQ },
      ...reservationFiles(BOX_V4),
      ...mappingFiles(protocols),
    },
    start: `nft --file /etc/lab/firewall.nft
dnsmasq --keep-in-foreground --conf-file=/etc/lab/dnsmasq.conf &
${startMapping(protocols)}`,
  };
}

/** As home routers come: everything out, nothing in but what a machine asked for, in both families. */
const firewall = (protocols: MappingProtocols): string => `table inet router {
  chain input {
    type filter hook input priority filter; policy drop;
${mappingSilence(protocols)}    ct state established,related accept
    ct state invalid drop
    iifname { "lo", "lan" } accept
    icmp type echo-request accept
    icmpv6 type { echo-request, nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert, packet-too-big } accept
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    ct state invalid drop
    iifname "lan" oifname "wan" accept
    ct status dnat iifname "lan" oifname "lan" accept
    icmpv6 type { echo-request, packet-too-big, time-exceeded, parameter-problem, destination-unreachable } accept
    jump upnp
  }
${MAPPING_CHAINS}}
table ip router-nat {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "wan" ip saddr ${LAN.cidr} masquerade
  }
}
`;

/** no-ping: dnsmasq would look for three seconds whether an address is taken before it gives it away. */
const DNSMASQ = `no-resolv
no-hosts
interface=lan
bind-interfaces
server=${WAN.internet.v4}
domain=${LAN.domain}
local=/${LAN.domain}/
expand-hosts
dhcp-authoritative
no-ping
dhcp-range=192.168.1.100,192.168.1.199,12h
dhcp-hostsfile=${RESERVATIONS}
addn-hosts=${LAN_NAMES}
dhcp-option=option:router,${LAN.router.v4}
dhcp-option=option:dns-server,${LAN.router.v4}
enable-ra
dhcp-range=${LAN.gua.replace('/64', '')},ra-only,64
dhcp-range=${LAN.ula.replace('/64', '')},ra-only,64
host-record=router.${LAN.domain},router,${LAN.router.v4},${LAN.router.ula}
host-record=laptop.${LAN.domain},laptop,${ADDRESSES.laptop[0]},${ADDRESSES.laptop[2]}
host-record=phone.${LAN.domain},phone,${ADDRESSES.phone[0]},${ADDRESSES.phone[2]}
`;
