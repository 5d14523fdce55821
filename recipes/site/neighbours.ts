import type { NginxListen, NginxServer } from '../../src/facts/nginx/servers.ts';
import { STOCK_SITE } from '../../src/facts/probes/nginx.ts';
import type { SiteContext } from './inputs.ts';

/** Who else is on the port of a site, according to nginx's files. */
export interface Neighbours {
  /** Servers that hostwright didn't write, Debian's untouched site apart. */
  readonly foreign: readonly NginxServer[];
  /** This role's server as it is now. */
  readonly own: NginxServer | undefined;
  /** Servers of the host's other sites. */
  readonly siblings: readonly NginxServer[];
  /** Debian's untouched site is on this port, or comes with the package in this run. */
  readonly stock: boolean;
  /** On no port is there a server of anybody else. */
  readonly onlyStock: boolean;
}

/** Everything on this port. A removed role's file counts as foreign: it is nobody's any more. */
export function findNeighbours({ facts, input, role, siblings }: SiteContext): Neighbours {
  const { nginx } = facts;
  const ours = filesOf(role);
  const theirs = siblings.flatMap((sibling) => filesOf(sibling.role));
  const isStock = ({ file }: NginxServer): boolean => nginx.stockSite === 'stock' && file === STOCK_SITE.link;
  const here = (server: NginxServer): boolean => listensOn(server, input.port).length > 0;
  const foreign = nginx.servers.filter(
    (server) => ![...ours, ...theirs].includes(server.file) && !isStock(server),
  );
  return {
    own: nginx.servers.find((server) => here(server) && ours.includes(server.file)),
    siblings: nginx.servers.filter((server) => here(server) && theirs.includes(server.file)),
    foreign: foreign.filter(here),
    onlyStock: foreign.length === 0,
    stock:
      nginx.servers.some((server) => here(server) && isStock(server)) ||
      (input.port === 80 && !nginx.installed && nginx.stockSite === 'absent'),
  };
}

/** The files that a site's server may be in; the first is the usual one, see `chooseFile`. */
export function filesOf(role: string): readonly [string, string, string] {
  return [
    `/etc/nginx/conf.d/${role}.conf`,
    `/etc/nginx/conf.d/zz-hostwright-${role}.conf`,
    `/etc/nginx/sites-enabled/zz-hostwright-${role}.conf`,
  ];
}

export function listensOn(server: NginxServer | undefined, port: number): readonly NginxListen[] {
  return server?.listens.filter((listen) => listen.port === port) ?? [];
}

/**
 * The site's file. nginx takes the first server on an address for its default when none is marked, and reads conf.d
 * before sites-enabled: beside servers without a mark ours has to come last, or it would take their visitors.
 * A site stays in the file it has. Undefined when nginx.conf reads none of them.
 */
export function chooseFile(
  { facts: { nginx }, role, input: { port } }: SiteContext,
  { foreign, siblings, stock }: Neighbours,
  isDefault: boolean,
): string | undefined {
  const files = filesOf(role);
  const [usual, late, last] = files;
  const present = files.find((path) => nginx.servers.some(({ file }) => file === path));
  if (present || !nginx.configured) return present ?? usual;
  const all = foreign.flatMap((server) => listensOn(server, port));
  const marked = [...foreign, ...siblings]
    .flatMap((server) => listensOn(server, port))
    .filter((l) => l.defaultServer);
  const unmarked = all.some(({ address }) => !marked.some((other) => other.address === address));
  const mustBeLast = !isDefault && !stock && (unmarked || !nginx.complete);
  if (mustBeLast) return nginx.readsSitesEnabled ? last : nginx.readsConfD ? late : undefined;
  return nginx.readsConfD ? usual : nginx.readsSitesEnabled ? last : undefined;
}
