/** UPnP Internet Gateway Device, WANIPConnection:1 and :2, WANPPPConnection:1. */
import { isIPv4 } from 'node:net';
import type { Gateway, MapOutcome, Mapping, Router } from '../router.ts';
import { type MappingService, servicesIn } from './description.ts';
import { fetchPage } from './http.ts';
import { search } from './search.ts';
import { type Answer, act, type Values } from './soap.ts';

/** Errors of WANIPConnection (2.4.x and 2.5.x of its definition). */
const NO_SUCH_ENTRY = 714;
const NOT_AUTHORIZED = 606;
const CONFLICT = 718;
const PERMANENT_ONLY = 725;
/** The port was given away by PCP or on the router's page. */
const CONFLICT_OTHERWISE = 729;

const DESCRIPTION_MOST = 256 * 1024;

/** How to speak to a router by UPnP. */
export interface UpnpManner {
  /** Milliseconds for the search. */
  readonly search: number;
  /** Milliseconds for the search and what is asked until a router is found. */
  readonly find: number;
  /** Milliseconds for one request. */
  readonly request: number;
  /** Seconds: the lease to ask for. */
  readonly lease: number;
  /** For tests: where routers listen for searches. */
  readonly ssdpPort?: number;
  /** Our own port for the search. */
  readonly localPort?: number;
}

/** A mapping that the router has. */
interface Entry {
  readonly client: string;
  readonly port: number;
  /** Seconds left; 0: for good. */
  readonly lease: number;
  readonly isEnabled: boolean;
}

/** Speaks to a gateway that answers UPnP; undefined for one that does not, or describes nothing that maps ports. */
export async function igd(gateway: Gateway, manner: UpnpManner): Promise<Router | undefined> {
  const until = performance.now() + manner.find;
  const left = (): number => Math.min(until - performance.now(), manner.request);
  for (const location of await search(gateway, manner.search, manner.ssdpPort, manner.localPort)) {
    if (left() <= 0) return undefined;
    const page = await fetchPage({
      url: location,
      from: gateway.hostAddress,
      total: left(),
      most: DESCRIPTION_MOST,
    });
    if (page?.status !== 200) continue;
    const services = servicesIn(page.body, location, gateway.address);
    const service = await connected(services, gateway, left);
    if (service) return routerOf(service, gateway, manner);
  }
  return undefined;
}

/** The service that has the way out: with several, only one of them has an address outside. */
async function connected(
  services: readonly MappingService[],
  gateway: Gateway,
  left: () => number,
): Promise<MappingService | undefined> {
  let speaks: MappingService | undefined;
  for (const service of services) {
    if (left() <= 0) break;
    const answer = await act(service, gateway.hostAddress, 'GetExternalIPAddress', {}, left());
    if (answer.is === 'done' && outsideIn(answer) !== undefined) return service;
    if (answer.is !== 'silent') speaks ??= service;
  }
  return speaks;
}

function routerOf(service: MappingService, gateway: Gateway, manner: UpnpManner): Router {
  const { address, hostAddress } = gateway;
  let isPermanentOnly = false;
  const call = (action: string, values: Values): Promise<Answer> =>
    act(service, hostAddress, action, values, manner.request);

  /** What the router has for a port outside; undefined: nothing. A refusal: it has something, and does not tell us what. */
  const entryOf = async (mapping: Mapping): Promise<Entry | MapOutcome | undefined> => {
    const answer = await call('GetSpecificPortMappingEntry', outsideOf(mapping));
    if (answer.is === 'done') return entryIn(answer.values) ?? SILENT;
    if (answer.is === 'silent') return SILENT;
    // Some say something else than 714 when there is none; then only asking for it tells.
    return answer.code === NOT_AUTHORIZED ? refusal(answer) : undefined;
  };
  const isOurs = ({ client, port }: Entry, mapping: Mapping): boolean =>
    client === hostAddress && port === mapping.port;
  const add = (mapping: Mapping, lifetime: number): Promise<Answer> =>
    call('AddPortMapping', {
      ...outsideOf(mapping),
      NewInternalPort: mapping.port,
      NewInternalClient: hostAddress,
      NewEnabled: 1,
      NewPortMappingDescription: 'hostwright',
      NewLeaseDuration: isPermanentOnly ? 0 : lifetime,
    });

  return {
    protocol: service.version === 2 ? 'upnp-igd2' : 'upnp-igd1',
    address,
    hostAddress,
    lease: manner.lease,
    async externalAddress() {
      return outsideIn(await call('GetExternalIPAddress', {}));
    },
    async map(mapping, lifetime): Promise<MapOutcome> {
      const before = await entryOf(mapping);
      if (before && 'is' in before) return before;
      if (before && !isOurs(before, mapping)) return takenBy(before, hostAddress);
      let answer = await add(mapping, lifetime);
      if (answer.is === 'error' && answer.code === PERMANENT_ONLY) {
        isPermanentOnly = true;
        answer = await add(mapping, lifetime);
      }
      if (answer.is === 'silent') return SILENT;
      if (answer.is === 'error') return refusal(answer);
      // It said yes; what counts is what it has.
      const after = await entryOf(mapping);
      if (after && 'is' in after) return after;
      if (!after) return { is: 'refused', detail: 'it says yes, and has no such mapping afterwards (UPnP).' };
      if (!isOurs(after, mapping)) return takenBy(after, hostAddress);
      if (!after.isEnabled) return { is: 'refused', detail: 'it keeps that mapping switched off (UPnP).' };
      return { is: 'mapped', lifetime: isPermanentOnly ? 0 : Math.min(after.lease || lifetime, lifetime) };
    },
    async unmap(mapping) {
      const entry = await entryOf(mapping);
      if (entry && 'is' in entry) return entry.is === 'silent' ? 'silent' : 'refused';
      if (!entry || !isOurs(entry, mapping)) return 'gone';
      const answer = await call('DeletePortMapping', outsideOf(mapping));
      if (answer.is === 'error') return answer.code === NO_SUCH_ENTRY ? 'gone' : 'refused';
      return answer.is === 'done' ? 'gone' : 'silent';
    },
    async pulse(one) {
      const entry = await entryOf(one);
      if (entry && 'is' in entry) return entry.is === 'silent' ? 'silent' : 'lost';
      return entry && isOurs(entry, one) ? 'kept' : 'lost';
    },
    close: () => undefined,
  };
}

const SILENT: MapOutcome = { is: 'silent', detail: 'it gives no answer by UPnP.' };

function outsideOf({ externalPort, protocol }: Mapping): Values {
  return { NewRemoteHost: '', NewExternalPort: externalPort, NewProtocol: protocol.toUpperCase() };
}

function takenBy({ client, port }: Entry, hostAddress: string): MapOutcome {
  const detail =
    client === hostAddress
      ? `it leads to port ${port} of this host, and hostwright has not asked for that.`
      : `it leads to ${client}, port ${port}.`;
  return { is: 'taken', by: client, detail };
}

function refusal({ code, text }: Extract<Answer, { readonly is: 'error' }>): MapOutcome {
  if (code === CONFLICT) return { is: 'taken', detail: 'it says that another machine has it (UPnP 718).' };
  if (code === CONFLICT_OTHERWISE)
    return { is: 'taken', detail: 'it says that it was given away by PCP or on its page (UPnP 729).' };
  return { is: 'refused', detail: `it says: ${text === '' ? 'no' : text} (UPnP ${code}).` };
}

function entryIn(values: ReadonlyMap<string, string>): Entry | undefined {
  const client = values.get('NewInternalClient') ?? '';
  const port = number(values.get('NewInternalPort'), 65_535);
  const lease = number(values.get('NewLeaseDuration') ?? '0', 2 ** 32);
  if (!isIPv4(client) || port === undefined || lease === undefined) return undefined;
  return { client, port, lease, isEnabled: values.get('NewEnabled') !== '0' };
}

function number(text: string | undefined, most: number): number | undefined {
  if (text === undefined || !/^[0-9]{1,10}$/.test(text)) return undefined;
  return Number(text) <= most ? Number(text) : undefined;
}

function outsideIn(answer: Answer): string | undefined {
  const address = answer.is === 'done' ? (answer.values.get('NewExternalIPAddress') ?? '') : '';
  return isIPv4(address) && address !== '0.0.0.0' ? address : undefined;
}
