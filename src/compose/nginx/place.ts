import { UserError } from '../../errors.ts';
import { isLoopback } from '../../facts/address.ts';
import { STOCK_SITE } from '../../facts/probes/nginx.ts';
import type { PlanNote } from '../recipe.ts';
import { isOpen, loopbackAddresses, wildcardAddresses } from './addresses.ts';
import { admitted } from './admitted.ts';
import { type Door, refuseConflicts } from './conflicts.ts';
import { HTTP, type NginxContext, namesOf, portsOf } from './context.ts';
import { chooseFile, findNeighbours, listensOn, type Neighbours } from './neighbours.ts';

/** How a role fits in beside everything that nginx serves already. */
export interface Place {
  /** The file that holds its server blocks. */
  readonly path: string;
  /** Without TLS: either the role itself, or what leads to `https`. */
  readonly http: Server | undefined;
  readonly https: Server | undefined;
  /** Debian's own site gives way. */
  readonly replacesStock: boolean;
  /** nginx can't go from one address to all of them, or back, while it holds the port: that takes a restart. */
  readonly action: 'reload' | 'restart';
  /** nginx serves nothing but roles of this host. */
  readonly onlyOurs: boolean;
  readonly notes: readonly Omit<PlanNote, 'role'>[];
}

/** A server block on one port. */
export interface Server {
  readonly port: number;
  readonly listens: readonly { readonly address: string; readonly default: boolean }[];
  readonly names: readonly string[];
  /** Addresses that nginx lets in; empty: all. */
  readonly allow: readonly string[];
  /** Only the host itself reaches its addresses. */
  readonly loopback: boolean;
  readonly neighbours: Neighbours;
}

/**
 * Decides names, addresses and file of a role so that what nginx serves already goes on as it was. Pure.
 * @throws {UserError} for a port or a name that is taken, and for an nginx.conf that would not read the role's file
 */
export function findPlace(context: NginxContext): Place {
  const ports = portsOf(context);
  const http = ports.http === undefined ? undefined : serverOn(context, { port: ports.http, secure: false });
  const https =
    ports.https === undefined ? undefined : serverOn(context, { port: ports.https, secure: true });
  const servers = [http, https].filter((server) => server !== undefined);
  const path = chooseFile(
    context,
    servers.map((server) => ({ ...server, isDefault: isDefault(server) })),
  );
  if (path === undefined) throw new UserError(unread());
  return {
    path,
    http,
    https,
    replacesStock: http !== undefined && replacesStock(http),
    onlyOurs: servers.every(({ neighbours }) => neighbours.onlyOurs),
    action: servers.some((server) => needsRestart(server)) ? 'restart' : 'reload',
    notes: servers.flatMap((server) => [
      ...(context.input.domain === undefined && !isDefault(server) ? [otherDefault(context, server)] : []),
      ...oddAddresses(server),
    ]),
  };
}

function serverOn(context: NginxContext, door: Door): Server {
  const { input, expose } = context;
  const { port } = door;
  const neighbours = findNeighbours(context, port);
  const byAddress = input.domain === undefined && mayBeDefault(context, neighbours, port);
  const names = input.domain === undefined ? (byAddress ? ['_'] : hostNames(context.host)) : namesOf(input);
  refuseConflicts(context, door, names, neighbours.foreign);
  const alone =
    neighbours.foreign.length === 0 &&
    ((byAddress && port === HTTP) || !neighbours.stock) &&
    !context.endpoints.some((other) => other.role !== context.role && other.port === port);
  const loopback = expose === 'host' && alone;
  const addresses = loopback
    ? loopbackAddresses(context, port)
    : wildcardAddresses(context, neighbours, port);
  return {
    port,
    listens: addresses.map((address) => ({ address, default: byAddress })),
    names,
    allow: expose === 'host' && !loopback ? ['127.0.0.0/8', '::1'] : admitted(context, port),
    loopback,
    neighbours,
  };
}

const isDefault = ({ listens }: Pick<Server, 'listens'>): boolean => listens.some((one) => one.default);

const replacesStock = (server: Server): boolean => isDefault(server) && server.port === HTTP;

/**
 * The server for whoever asks by address. What answers there now goes on doing so. Debian's page gives way only in an
 * nginx that serves nothing else: where somebody set up sites, nothing of it is touched.
 */
function mayBeDefault({ facts: { nginx } }: NginxContext, on: Neighbours, port: number): boolean {
  if (listensOn(on.own, port).some(({ defaultServer }) => defaultServer)) return true;
  return nginx.complete && on.foreign.length === 0 && (!on.stock || on.onlyStock);
}

/** Names by which a machine is commonly found on a home network: bare, by mDNS, and by what routers call the network. */
function hostNames(host: string): readonly string[] {
  return [host, `${host}.local`, `${host}.home.arpa`, `${host}.lan`].map((name) => name.toLowerCase());
}

function needsRestart({ neighbours: { own, foreign, siblings, stock }, loopback, port }: Server): boolean {
  const now = [own, ...foreign, ...siblings].flatMap((server) => listensOn(server, port));
  const everywhere = now.some(isOpen) || stock;
  return loopback ? everywhere : now.length > 0 && !everywhere;
}

function otherDefault(
  { facts: { nginx } }: NginxContext,
  { neighbours: { stock, foreign }, names, port }: Server,
): Omit<PlanNote, 'role'> {
  const only = `It answers only to ${names.join(', ')}`;
  if (!nginx.complete)
    return {
      level: 'warning',
      text: `${only}: the host’s nginx configuration could not be read completely, so another site may answer to whoever asks by address. Give it a domain or a port of its own.`,
    };
  const remedy = 'Give it a domain or a port of its own';
  const text = !stock
    ? `${only}: another site on the host already answers on port ${port} to whoever asks by address. ${remedy}.`
    : `${only}: Debian’s page answers on port ${port} to whoever asks by address, and is left alone beside the other sites there. ${remedy}${foreign.length === 0 ? `, or remove ${STOCK_SITE.link}` : ''}.`;
  return { level: 'warning', text };
}

/** A server on one address gets everything that comes in there, whatever the name. */
function oddAddresses({ neighbours: { foreign }, port }: Server): Omit<PlanNote, 'role'>[] {
  const single = foreign
    .flatMap((server) => listensOn(server, port).map(({ address }) => ({ file: server.file, address })))
    .filter(
      ({ address }) => !['*', '[::]'].includes(address) && !isLoopback(address.replaceAll(/[[\]]/g, '')),
    );
  return single.map(({ file, address }) => ({
    level: 'warning',
    text: `Who asks ${address}:${port} gets the sites of ${file} only, which listens on that very address.`,
  }));
}

function unread() {
  return {
    message: 'The host’s /etc/nginx/nginx.conf reads neither conf.d/*.conf nor sites-enabled/*.',
    hint: 'Add to its http section the line: include /etc/nginx/conf.d/*.conf;',
  };
}
