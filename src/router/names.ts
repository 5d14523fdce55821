import type { RouterProtocol } from './router.ts';

/** What people call the protocols of routers. */
export const PROTOCOL_NAMES: Readonly<Record<RouterProtocol, string>> = {
  pcp: 'PCP',
  'nat-pmp': 'NAT-PMP',
  'upnp-igd1': 'UPnP',
  'upnp-igd2': 'UPnP',
};
