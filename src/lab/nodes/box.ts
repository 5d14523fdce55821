/** The server-to-be: a bare Debian that boots with systemd and gets its addresses from the router. */
import { boxImage } from '../images.ts';
import { type HostKey, hostKeyFiles } from '../keys.ts';
import { LAN } from '../network.ts';
import type { Release } from '../places.ts';
import { USERS } from '../users.ts';
import type { Node, NodeFile } from './node.ts';
import { lanResolver } from './peer.ts';

export function box(release: Release, publicKey: string, hostKeys: readonly HostKey[]): Node {
  const authorized = `${publicKey}\n`;
  const keys = USERS.filter(({ key }) => key).map(({ name, uid }): [string, NodeFile] => [
    `/home/${name}/.ssh/authorized_keys`,
    { text: authorized, mode: 0o600, uid },
  ]);
  return {
    name: 'box',
    image: boxImage(release),
    files: {
      ...hostKeyFiles(hostKeys),
      ...Object.fromEntries(keys),
      '/root/.ssh/authorized_keys': { text: authorized, mode: 0o600 },
      '/etc/hostname': { text: 'box\n' },
      '/etc/hosts': {
        text: `127.0.0.1 localhost\n127.0.1.1 box.${LAN.domain} box\n::1 localhost ip6-localhost ip6-loopback\n`,
      },
      '/etc/resolv.conf': { text: lanResolver() },
      // root's runtime folder is mounted all the time, not only for some seconds around each login: the machine before
      // a run and after its rollback can then be compared to the last mount.
      '/var/lib/systemd/linger/root': { text: '' },
    },
  };
}
