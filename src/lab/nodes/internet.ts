/** A machine outside: the provider's end of the line, public DNS, and a place to knock from. It has no way on. */
import { peerImage } from '../images.ts';
import type { HostKey } from '../keys.ts';
import { DOMAIN, WAN } from '../network.ts';
import type { Node } from './node.ts';
import { SSHD, sshFiles } from './peer.ts';

export function internet(publicKey: string, hostKeys: readonly HostKey[]): Node {
  return {
    name: 'internet',
    image: peerImage(),
    files: {
      ...sshFiles(publicKey, hostKeys),
      '/etc/resolv.conf': { text: 'nameserver 127.0.0.1\n' },
      '/etc/lab/dns.conf': { text: PUBLIC_DNS },
    },
    start: `${SSHD}dnsmasq --keep-in-foreground --conf-file=/etc/lab/dns.conf &\n`,
  };
}

/** Everything that is not ours does not exist: an answer at once is better than a timeout. */
const PUBLIC_DNS = `no-resolv
no-hosts
no-dhcp-interface=*
bind-interfaces
listen-address=127.0.0.1,${WAN.internet.v4},${WAN.internet.v6}
local=/#/
address=/${DOMAIN}/${WAN.router.v4}
host-record=internet.test,${WAN.internet.v4},${WAN.internet.v6}
`;
