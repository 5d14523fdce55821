import { UserError } from '../../errors.ts';
import { isLoopback } from '../../facts/address.ts';
import { STOCK_SITE } from '../../facts/probes/nginx.ts';
import type { PlanNote } from '../recipe.ts';
import { admitted } from './admitted.ts';
import { refuseConflicts } from './conflicts.ts';
import { type NginxContext, namesOf } from './context.ts';
import { chooseFile, findNeighbours, listensOn, type Neighbours } from './neighbours.ts';

/** How a role fits in beside everything that nginx serves already. */
export interface Place {
  /** The file that holds the server block. */
  readonly path: string;
  readonly listens: readonly { readonly address: string; readonly default: boolean }[];
  readonly names: readonly string[];
  /** Addresses that nginx lets in; empty: all. */
  readonly allow: readonly string[];
  /** Debian's own site gives way. */
  readonly replacesStock: boolean;
  /** nginx can't go from one address to all of them, or back, while it holds the port: that takes a restart. */
  readonly action: 'reload' | 'restart';
  /** nginx serves nothing but roles of this host. */
  readonly onlyOurs: boolean;
  readonly notes: readonly Omit<PlanNote, 'role'>[];
}

/**
 * Decides names, addresses and file of a role so that what nginx serves already goes on as it was. Pure.
 * @throws {UserError} for a port or a name that is taken, and for an nginx.conf that would not read the role's file
 */
export function findPlace(context: NginxContext): Place {
  const { input, expose } = context;
  const { port } = input;
  const neighbours = findNeighbours(context);
  const isDefault = input.domain === undefined && mayBeDefault(context, neighbours);
  const names = input.domain === undefined ? (isDefault ? ['_'] : hostNames(context.host)) : namesOf(input);
  refuseConflicts(context, names, neighbours.foreign);

  const replacesStock = isDefault && port === 80;
  const alone =
    neighbours.foreign.length === 0 &&
    (replacesStock || !neighbours.stock) &&
    !context.endpoints.some((other) => other.role !== context.role && other.port === port);
  const loopback = expose === 'host' && alone;
  const addresses = loopback ? loopbackAddresses(context) : wildcardAddresses(context, neighbours);
  const path = chooseFile(context, neighbours, isDefault);
  if (path === undefined) throw new UserError(unread());
  return {
    path,
    listens: addresses.map((address) => ({ address, default: isDefault })),
    names,
    allow: expose === 'host' && !loopback ? ['127.0.0.0/8', '::1'] : admitted(context),
    replacesStock,
    onlyOurs: neighbours.onlyOurs,
    action: needsRestart(context, neighbours, loopback) ? 'restart' : 'reload',
    notes: [
      ...(input.domain === undefined && !isDefault ? [otherDefault(context, neighbours, names)] : []),
      ...oddAddresses(neighbours, port),
    ],
  };
}

/**
 * The server for whoever asks by address. What answers there now goes on doing so. Debian's page gives way only in an
 * nginx that serves nothing else: where somebody set up sites, nothing of it is touched.
 */
function mayBeDefault({ facts: { nginx }, input: { port } }: NginxContext, on: Neighbours): boolean {
  if (listensOn(on.own, port).some(({ defaultServer }) => defaultServer)) return true;
  return nginx.complete && on.foreign.length === 0 && (!on.stock || on.onlyStock);
}

/** Names by which a machine is commonly found on a home network: bare, by mDNS, and by what routers call the network. */
function hostNames(host: string): readonly string[] {
  return [host, `${host}.local`, `${host}.home.arpa`, `${host}.lan`].map((name) => name.toLowerCase());
}

function loopbackAddresses(context: NginxContext): readonly string[] {
  const { port } = context.input;
  return [`127.0.0.1:${port}`, ...(hasIpv6(context) ? [`[::1]:${port}`] : [])];
}

/**
 * Never an address of the host: those change. Beside sites that answer over IPv4 only, so does this role: it would get
 * their visitors over IPv6, who until now fell back to IPv4.
 */
function wildcardAddresses(context: NginxContext, { foreign, own, stock }: Neighbours): readonly string[] {
  const { port } = context.input;
  const theirs = foreign.flatMap((server) => listensOn(server, port));
  const isIpv6 = ({ address }: { readonly address: string }): boolean => address.startsWith('[');
  const ipv6 =
    hasIpv6(context) &&
    (foreign.length === 0 || stock || theirs.some(isIpv6) || listensOn(own, port).some(isIpv6));
  // Their IPv6 socket takes IPv4 too: a second socket for IPv4 could not be opened.
  const dual = theirs.some(({ dualStack }) => dualStack) && !theirs.some(({ address }) => address === '*');
  return [...(dual ? [] : [`${port}`]), ...(ipv6 || dual ? [`[::]:${port}`] : [])];
}

/** Without IPv6 in the kernel nginx refuses to start on an IPv6 address. Unknown interfaces count as usual ones. */
function hasIpv6({ facts }: NginxContext): boolean {
  const { interfaces } = facts.network;
  return (
    interfaces.length === 0 ||
    interfaces.some(({ addresses }) => addresses.some(({ family }) => family === 6))
  );
}

function needsRestart(
  context: NginxContext,
  { own, foreign, siblings, stock }: Neighbours,
  loopback: boolean,
): boolean {
  const { port } = context.input;
  const now = [own, ...foreign, ...siblings].flatMap((server) => listensOn(server, port));
  const everywhere = now.some(({ address }) => address === '*' || address === '[::]') || stock;
  return loopback ? everywhere : now.length > 0 && !everywhere;
}

function otherDefault(
  { facts: { nginx }, input: { port } }: NginxContext,
  { stock, foreign }: Neighbours,
  names: readonly string[],
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
function oddAddresses({ foreign }: Neighbours, port: number): Omit<PlanNote, 'role'>[] {
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
