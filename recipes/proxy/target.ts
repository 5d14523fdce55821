import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { domain } from '../../src/compose/inputs.ts';

/** How an application is spoken to. The s is for TLS. */
export type Scheme = 'http' | 'https' | 'grpc' | 'grpcs';

/** Where an application answers. */
export interface Address {
  readonly scheme: Scheme;
  /** A host name, or an IP address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

const PORTS: Readonly<Record<Scheme, number>> = { http: 80, https: 443, grpc: 80, grpcs: 443 };
const ROLE = /^[a-z][a-z0-9-]*$/;
const EXAMPLE = 'http://192.168.1.30:8096';

/** Text that is an address such as `http://192.168.1.30:8096`, or the name of another role. */
export function target() {
  return z
    .string({ error: `an address such as ${EXAMPLE}, or the name of another role, is expected` })
    .check(({ value, issues }) => {
      const message = complaint(value);
      if (message !== undefined) issues.push({ code: 'custom', input: value, message, continue: false });
    });
}

/** The address in a text that {@link target} has let through; nothing for the name of a role. */
export function addressOf(text: string): Address | undefined {
  const [, scheme, host = '', port] =
    /^(https?|grpcs?):\/\/(\[[^\]]*\]|[^/:[\]]*)(?::(\d{1,5}))?\/?$/.exec(text) ?? [];
  if (scheme === undefined) return undefined;
  const known = scheme as Scheme;
  const bare = host.replaceAll(/[[\]]/g, '').toLowerCase();
  return {
    scheme: known,
    host: bare === 'localhost' ? '127.0.0.1' : bare,
    port: port === undefined ? PORTS[known] : Number(port),
  };
}

/** Whether nginx has to look the host up. */
export function isName({ host }: Address): boolean {
  return !isIPv4(host) && !isIPv6(host);
}

function complaint(value: string): string | undefined {
  if (ROLE.test(value)) return undefined;
  const shown = JSON.stringify(value);
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(value) ?? [];
  if (scheme === undefined)
    return `${shown} is neither an address such as ${EXAMPLE} nor the name of a role: an address begins with http://, https://, grpc:// or grpcs://`;
  if (!Object.hasOwn(PORTS, scheme))
    return `${shown} begins with ${scheme}://, and what can be passed on is http://, https://, grpc:// and grpcs://`;
  const address = addressOf(value);
  if (!address)
    return `${shown} is more than protocol, host and port: leave out what follows, the visitor’s own path is passed on`;
  if (address.port < 1 || address.port > 65_535) return `${shown}: a port is a number from 1 to 65535`;
  if (isName(address) && !domain().safeParse(address.host).success)
    return `${shown}: ${JSON.stringify(address.host)} is neither an IP address nor a host name`;
  return undefined;
}
