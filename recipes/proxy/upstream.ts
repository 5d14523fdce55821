import { SHARED, SHARED_TLS } from '../../src/compose/nginx/context.ts';
import type { ExposedEndpoint, PlanNote } from '../../src/compose/recipe.ts';
import { UserError } from '../../src/errors.ts';
import { canonicalAddress, isLinkLocal, isLoopback } from '../../src/facts/address.ts';
import { didYouMean } from '../../src/suggest.ts';
import { listOf, type ProxyContext } from './inputs.ts';
import { type Address, addressOf, isName, type Scheme } from './target.ts';

/** Where requests go. */
export interface Upstream {
  readonly scheme: Scheme;
  /** `192.168.1.30:8096`, `[fd00::1]:80`. One alone may have a name in place of an address. */
  readonly servers: readonly string[];
  /** The name that has to be looked up again and again; absent where all are addresses. */
  readonly lookUp?: { readonly name: string; readonly port: number; readonly resolvers: readonly string[] };
  /** The name that it is asked by; absent: the visitor's. */
  readonly hostHeader?: string;
  /** Its certificate is checked, for this name. */
  readonly verifiedName?: string;
  readonly notes: readonly Omit<PlanNote, 'role'>[];
}

/** A role's endpoint as an address on this host, and the name that leads to it where a port has several. */
interface Found {
  readonly address: Address;
  readonly hostHeader?: string;
}

/**
 * Finds what `to` names. Pure.
 * @throws {UserError} for a role that there is not, or that cannot be passed on to, for names in a list, and for what
 * leads back to this role
 */
export function findUpstream(context: ProxyContext): Upstream {
  const { input } = context;
  const found = listOf(input.to).map((text): Found => {
    const address = addressOf(text);
    if (!address) return roleAddress(context, text);
    refuseOwnPort(context, address);
    return { address };
  });
  const [first] = found;
  if (!first) throw new Error('The list is empty, which its schema does not allow.');
  const { scheme } = first.address;
  const named = found.map(({ address }) => address).find(isName);
  if (named && found.length > 1) throw new UserError(nameInList(named));
  const different = found.find(({ hostHeader }) => hostHeader !== first.hostHeader);
  if (different || found.some(({ address }) => address.scheme !== scheme))
    throw new UserError({
      message: `The applications of ‘${context.role}’ would have to be asked in different ways, so none can stand in for another.`,
      hint: 'Give each a role of its own, or list only what is the same application.',
    });
  const hostHeader = input.hostHeader ?? first.hostHeader;
  const verified = scheme.endsWith('s') && named && input.verify;
  return {
    scheme,
    servers: found.map(({ address: { host, port } }) => `${host.includes(':') ? `[${host}]` : host}:${port}`),
    ...(named
      ? { lookUp: { name: named.host, port: named.port, resolvers: resolvers(context, named) } }
      : {}),
    ...(hostHeader === undefined ? {} : { hostHeader }),
    ...(verified ? { verifiedName: named.host } : {}),
    notes: [
      ...(scheme.endsWith('s') && !verified && !isLoopback(first.address.host)
        ? [unverified(first.address)]
        : []),
      ...(named && (!named.host.includes('.') || named.host.endsWith('.local')) ? [localName(named)] : []),
    ],
  };
}

function roleAddress(context: ProxyContext, name: string): Found {
  refuseLoop(context, name);
  const endpoints = context.endpoints.filter(({ role }) => role === name);
  if (endpoints.length === 0) throw new UserError(unknown(context, name));
  const web = endpoints.find(({ sharedBy }) => sharedBy === SHARED_TLS) ?? endpoints.find(isWeb);
  if (!web) {
    const ports = endpoints.map(({ name: what, port }) => `${what} (port ${port})`).join(', ');
    throw new UserError({
      message: `‘${context.role}’ is to pass requests on to ‘${name}’, which serves no web pages: it has ${ports}.`,
      hint: 'Name another role, or write the address of the application in full.',
    });
  }
  const tls = web.sharedBy === SHARED_TLS;
  const address: Address = { scheme: tls ? 'https' : 'http', host: '127.0.0.1', port: web.port };
  // nginx has several roles on one port: only the name tells it which of them is meant.
  const hostname = web.sharedBy === SHARED || tls ? web.prove?.with?.hostname : undefined;
  return typeof hostname === 'string' ? { address, hostHeader: hostname } : { address };
}

function isWeb({ protocol, prove, name }: ExposedEndpoint): boolean {
  return protocol === 'tcp' && (prove?.probe === 'http' || name === 'http');
}

/** From role to role until an address is met; one that comes back would send requests round and round. */
function refuseLoop({ role, others }: ProxyContext, first: string): void {
  const seen = new Set<string>();
  const open = [first];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === role)
      throw new UserError({
        message: `‘${role}’ would pass requests on to itself${first === role ? '' : `, by way of ‘${first}’`}.`,
        hint: 'Give the address of the application, or the role that answers in the end.',
      });
    if (seen.has(name)) continue;
    seen.add(name);
    const other = others.find((candidate) => candidate.role === name && candidate.recipe === 'proxy');
    const to = (other?.input as { readonly to?: string | readonly string[] } | undefined)?.to ?? [];
    open.push(...listOf(to).filter((text) => addressOf(text) === undefined));
  }
}

/** The address of this very port: what comes in would come in again, until no connection is left. */
function refuseOwnPort({ role, input, facts }: ProxyContext, { host, port }: Address): void {
  const own = facts.network.interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address));
  const isHere = isLoopback(host) || own.includes(canonicalAddress(host));
  // Asked by another name, another role on the port may answer.
  if (!isHere || port !== input.port || input.hostHeader !== undefined) return;
  throw new UserError({
    message: `‘${role}’ would pass requests on to itself: it is what answers on this host at port ${port}.`,
    hint: `Give the port on which the application answers, as in http://127.0.0.1:3000.`,
  });
}

function unknown({ role, endpoints, others }: ProxyContext, name: string) {
  const exists = others.some((other) => other.role === name);
  const serving = [...new Set(endpoints.map((endpoint) => endpoint.role))].filter((other) => other !== role);
  return {
    message: exists
      ? `‘${role}’ is to pass requests on to ‘${name}’, which serves nothing.`
      : `‘${role}’ is to pass requests on to ‘${name}’, and this host has no such role.`,
    hint: `${didYouMean(name, serving, 'Roles that serve something')} An address begins with http:// or the like.`,
  };
}

function nameInList({ host }: Address) {
  return {
    message: `${host} is a name, and in a list nginx would look it up only when it starts: at boot, before there is an answer, it would not start at all.`,
    hint: 'Write addresses in a list; a name that leads to several addresses may stand alone, and is looked up again and again.',
  };
}

function resolvers({ facts: { network }, role }: ProxyContext, { host }: Address): readonly string[] {
  // nginx takes no interface along with an address, without which one of a link leads nowhere.
  const nameservers = network.resolver.nameservers.filter((server) => !isLinkLocal(server));
  if (nameservers.length > 0)
    return nameservers.map((server) => (server.includes(':') ? `[${server}]` : server));
  throw new UserError({
    message: `‘${role}’ leads to ${host}, and the host has no name server in /etc/resolv.conf that nginx could ask for it.`,
    hint: 'Write the address instead of the name.',
  });
}

function localName({ host }: Address): Omit<PlanNote, 'role'> {
  const text = `nginx asks the name servers for ${host}, and neither /etc/hosts nor the machines around (mDNS). Where they do not know it, visitors get “502 Bad Gateway”: then write the address.`;
  return { level: 'warning', text };
}

function unverified({ host }: Address): Omit<PlanNote, 'role'> {
  const text = `The way to ${host} is encrypted, but nobody checks whose certificate it is: a machine in between could read along. Give a name instead of an address where there is a certificate for it.`;
  return { level: 'info', text };
}
