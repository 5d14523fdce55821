import { pageOf } from './search.ts';
import { readXml } from './xml.ts';

/** A service of a router that maps ports. */
export interface MappingService {
  readonly type: string;
  readonly control: URL;
  readonly version: 1 | 2;
}

/** In the order in which they are tried. */
const TYPES: Readonly<Record<string, 1 | 2>> = {
  'urn:schemas-upnp-org:service:WANIPConnection:2': 2,
  'urn:schemas-upnp-org:service:WANIPConnection:1': 1,
  'urn:schemas-upnp-org:service:WANPPPConnection:1': 1,
};

/**
 * The services of a description (UPnP Device Architecture 1.1 section 2.3) that map ports, and are controlled on the gateway itself;
 * what leads elsewhere is left out. Pure.
 */
export function servicesIn(description: string, location: URL, gateway: string): readonly MappingService[] {
  const services: { type?: string; control?: string }[] = [];
  let base: string | undefined;
  let current: { type?: string; control?: string } | undefined;
  const isRead = readXml(description, {
    open(name) {
      if (name === 'service') current = {};
    },
    leaf(name, text) {
      if (name === 'URLBase') base ??= text;
      else if (name === 'serviceType' && current) current.type = text;
      else if (name === 'controlURL' && current) current.control = text;
    },
    close(name) {
      if (name !== 'service') return;
      if (current) services.push(current);
      current = undefined;
    },
  });
  if (!isRead) return [];
  const root = base === undefined || base === '' ? location : pageOf(base, gateway);
  if (!root) return [];
  const order = Object.keys(TYPES);
  return services
    .flatMap(({ type = '', control = '' }): readonly MappingService[] => {
      const version = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
      const url = control.length > 512 ? undefined : pageOf(control, gateway, root);
      return version === undefined || !url ? [] : [{ type, control: url, version }];
    })
    .sort((one, other) => order.indexOf(one.type) - order.indexOf(other.type))
    .slice(0, 4);
}
