/** The laptop and the phone: machines on the LAN to test from. */
import { peerImage } from '../images.ts';
import { type HostKey, hostKeyFiles } from '../keys.ts';
import { LAN } from '../network.ts';
import type { Node, NodeFile } from './node.ts';

export function lanPeer(name: 'laptop' | 'phone', publicKey: string, hostKeys: readonly HostKey[]): Node {
  return {
    name,
    image: peerImage(),
    files: {
      ...sshFiles(publicKey, hostKeys),
      '/etc/resolv.conf': { text: lanResolver() },
    },
    start: SSHD,
  };
}

/** What the router's DHCP says, for machines that have fixed addresses. */
export function lanResolver(): string {
  return `search ${LAN.domain}\nnameserver ${LAN.router.v4}\n`;
}

/** sshd that lets root in with the lab's key. */
export function sshFiles(publicKey: string, hostKeys: readonly HostKey[]): Record<string, NodeFile> {
  return { ...hostKeyFiles(hostKeys), '/root/.ssh/authorized_keys': { text: `${publicKey}\n`, mode: 0o600 } };
}

/** Debian's sshd wants its folder in /run, which systemd makes on a machine that has it. */
export const SSHD = 'mkdir -p /run/sshd\n/usr/sbin/sshd -D &\n';
