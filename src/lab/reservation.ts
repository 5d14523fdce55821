/** Which address the router gives to the box. dnsmasq reads these files again when it is told to (dnsmasq(8), NOTES). */
import { ADDRESSES, BOX_MAC } from './network.ts';
import type { NodeFile } from './nodes/node.ts';

export const RESERVATIONS = '/etc/lab/dhcp-hosts';
/** Of machines whose address may change. */
export const LAN_NAMES = '/etc/lab/hosts';

export function reservationFiles(v4: string): Readonly<Record<string, NodeFile>> {
  return {
    [RESERVATIONS]: { text: `${BOX_MAC},${v4},box\n` },
    [LAN_NAMES]: { text: `${v4} box\n${ADDRESSES.box[2]} box\n` },
  };
}
