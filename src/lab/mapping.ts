/**
 * How machines of the LAN ask the router to open ports: UPnP IGD, NAT-PMP (RFC 6886) and PCP (RFC 6887), all three by
 * miniupnpd, which is what many home routers run.
 */
import { LAN, WAN } from './network.ts';
import type { NodeFile } from './nodes/node.ts';

const FILE = '/etc/lab/miniupnpd.conf';

/** ext_ip: the public side has a documentation address, which miniupnpd takes for one behind another NAT. */
const CONFIGURATION = `ext_ifname=wan
ext_ip=${WAN.router.v4}
ext_allow_private_ipv4=yes
listening_ip=lan
enable_upnp=yes
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

export const MAPPING_FILES: Readonly<Record<string, NodeFile>> = { [FILE]: { text: CONFIGURATION } };

/** Chains that mappings go to, of the table `inet router`. */
export const MAPPING_CHAINS = `  chain upnp {
  }
  chain upnp-in {
  }
  chain upnp-out {
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    jump upnp-in
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    jump upnp-out
  }
`;

/** Part of the router's start. */
export const startMapping = `miniupnpd -d -f ${FILE} >/var/log/miniupnpd.log 2>&1 &
`;
