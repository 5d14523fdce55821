import type { NginxListen, NginxServer } from '../../facts/nginx/servers.ts';
import { STOCK_SITE } from '../../facts/probes/nginx.ts';
import { type NginxContext, siblingsOf } from './context.ts';

/** Who else is on the port of a role, according to nginx's files. */
export interface Neighbours {
  /** Servers that hostwright didn't write, Debian's untouched site apart. */
  readonly foreign: readonly NginxServer[];
  /** This role's server as it is now. */
  readonly own: NginxServer | undefined;
  /** Servers of the host's other roles, of whatever recipe. */
  readonly siblings: readonly NginxServer[];
  /** Debian's untouched site is on this port, or comes with the package in this run. */
  readonly stock: boolean;
  /** On no port is there a server of anybody else. */
  readonly onlyStock: boolean;
  /** The same, where what roles that the host file has lost have left does not count. */
  readonly onlyOurs: boolean;
}

/** Everything on this port. A removed role's file counts as foreign: it is nobody's any more. */
export function findNeighbours(context: NginxContext, port: number): Neighbours {
  const { facts, role } = context;
  const { nginx } = facts;
  const ours = filesOf(role);
  const theirs = siblingsOf(context).flatMap(filesOf);
  const isStock = ({ file }: NginxServer): boolean => nginx.stockSite === 'stock' && file === STOCK_SITE.link;
  const here = (server: NginxServer): boolean => listensOn(server, port).length > 0;
  const known = [...ours, ...theirs, ...FRONTS];
  const foreign = nginx.servers.filter((server) => !known.includes(server.file) && !isStock(server));
  return {
    own: nginx.servers.find((server) => here(server) && ours.includes(server.file)),
    siblings: nginx.servers.filter((server) => here(server) && theirs.includes(server.file)),
    foreign: foreign.filter(here),
    onlyStock: foreign.length === 0,
    onlyOurs: nginx.complete && foreign.every(({ file }) => nginx.written.includes(file)),
    stock:
      nginx.servers.some((server) => here(server) && isStock(server)) ||
      (port === 80 && !nginx.installed && nginx.stockSite === 'absent'),
  };
}

/** The files that a role's server may be in; the first is the usual one, see `chooseFile`. */
export function filesOf(role: string): readonly [string, string, string] {
  return [
    `/etc/nginx/conf.d/${role}.conf`,
    `/etc/nginx/conf.d/zz-hostwright-${role}.conf`,
    `/etc/nginx/sites-enabled/zz-hostwright-${role}.conf`,
  ];
}

/** The file that belongs to all roles with TLS together, see `front.ts`: sorted before any other. */
export const FRONTS: readonly [string, string] = [
  '/etc/nginx/conf.d/00-hostwright-https.conf',
  '/etc/nginx/sites-enabled/00-hostwright-https.conf',
];

/** Its addresses on this TCP port. */
export function listensOn(server: NginxServer | undefined, port: number): readonly NginxListen[] {
  return server?.listens.filter((listen) => listen.port === port && !listen.quic) ?? [];
}

/**
 * The role's file. nginx takes the first server on an address for its default when none is marked, and reads conf.d
 * before sites-enabled: beside servers without a mark ours has to come last, or it would take their visitors.
 * A role stays in the file it has. Undefined when nginx.conf reads none of them.
 */
export function chooseFile(
  { facts: { nginx }, role }: NginxContext,
  doors: readonly {
    readonly port: number;
    readonly neighbours: Neighbours;
    readonly isDefault: boolean;
  }[],
): string | undefined {
  const files = filesOf(role);
  const [usual, late, last] = files;
  const present = files.find((path) => nginx.servers.some(({ file }) => file === path));
  if (present || !nginx.configured) return present ?? usual;
  const mustBeLast = doors.some(({ port, neighbours: { foreign, siblings, stock }, isDefault }) => {
    const all = foreign.flatMap((server) => listensOn(server, port));
    const marked = [...foreign, ...siblings]
      .flatMap((server) => listensOn(server, port))
      .filter((l) => l.defaultServer);
    const unmarked = all.some(({ address }) => !marked.some((other) => other.address === address));
    return !isDefault && !stock && (unmarked || !nginx.complete);
  });
  if (mustBeLast) return nginx.readsSitesEnabled ? last : nginx.readsConfD ? late : undefined;
  return nginx.readsConfD ? usual : nginx.readsSitesEnabled ? last : undefined;
}
