/** A machine outside: the provider's end of the line, public DNS, a certificate authority, and a place to knock from. It has no way on. */
import { ACME_FILES, startAcme } from '../acme.ts';
import { peerImage } from '../images.ts';
import type { HostKey } from '../keys.ts';
import { DOMAIN, WAN } from '../network.ts';
import { NAMES_FILE, startPublicDns } from '../public-dns.ts';
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
      [NAMES_FILE]: { text: '' },
      ...ACME_FILES,
    },
    start: `${SSHD}${startPublicDns}${startAcme}`,
  };
}

/** Everything that is not ours does not exist: an answer at once is better than a timeout. */
const PUBLIC_DNS = `no-resolv
no-hosts
no-dhcp-interface=*
bind-interfaces
listen-address=127.0.0.1,${WAN.internet.v4},${WAN.internet.v6}
conf-file=${NAMES_FILE}
local=/#/
address=/${DOMAIN}/${WAN.router.v4}
host-record=internet.test,${WAN.internet.v4},${WAN.internet.v6}
`;
