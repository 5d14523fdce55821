import { readFileSync } from 'node:fs';
import recipe from '../../../recipes/postgres/recipe.ts';
import type { Exposure, HostNetwork, RecipeContext } from '../../../src/compose/recipe.ts';
import { renderTemplate } from '../../../src/compose/templates.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import { fact, type PostgresCluster } from '../../../src/facts/probes/postgres.ts';
import { factProbes } from '../../../src/facts/registry.generated.ts';
import { Secret } from '../../../src/secrets/secret.ts';

export const ETC = '/etc/postgresql/15/main';
export const HBA = `local all postgres peer
local all all peer
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
local replication all peer
host replication all 127.0.0.1/32 scram-sha-256
host replication all ::1/128 scram-sha-256
`;
export const CONF = `port = 5432
hba_file = '${ETC}/pg_hba.conf'
max_connections = 100
shared_buffers = 128MB
ssl = on
ssl_cert_file = '/etc/ssl/certs/ssl-cert-snakeoil.pem'
ssl_key_file = '/etc/ssl/private/ssl-cert-snakeoil.key'
include_dir = 'conf.d'
`;

interface Found {
  readonly conf?: string;
  readonly hba?: string;
  /** Our own file, if there is one. */
  readonly own?: string;
  readonly auto?: string;
  readonly port?: number;
}

/** A cluster as the fact reads it, by Debian's defaults what is not said. */
export function cluster({
  conf = CONF,
  hba = HBA,
  own,
  auto = '',
  port = 5432,
}: Found = {}): PostgresCluster {
  const data = '/var/lib/postgresql/15/main';
  const lines = (text: string): string => text.replaceAll(/^(?=[a-z])/gm, ' ');
  const { clusters } = fact.parse(`##cluster 15 main ${port} ${data}
##rules
${lines(hba)}##file ${ETC}/postgresql.conf
${lines(conf)}${own === undefined ? '' : `##own\n${lines(own)}`}##file ${data}/postgresql.auto.conf
${lines(auto)}`);
  const [only] = clusters;
  if (!only) throw new Error('no cluster');
  return only;
}

interface Given {
  readonly input?: Readonly<Record<string, unknown>>;
  readonly expose?: Exposure;
  readonly clusters?: readonly PostgresCluster[];
  readonly network?: HostNetwork;
  /** Interfaces with their addresses; the first has the default route. */
  readonly interfaces?: Readonly<Record<string, readonly string[]>>;
  readonly memory?: number;
  readonly release?: string;
  readonly sockets?: readonly string[];
  readonly siblings?: RecipeContext<unknown>['siblings'];
}

/** Interfaces of a machine at home. */
export const HOME = { eth0: ['192.168.1.20/24', 'fd00::20/64', '2001:db8::20/64'] };

/** What the role comes to on a machine. */
export function compose({
  input = { databases: [{ name: 'blog', owner: 'anna' }] },
  expose = 'lan',
  clusters = [],
  network = { lan: [] },
  interfaces = HOME,
  memory = 4096,
  release = 'bookworm',
  sockets = [],
  siblings = [],
}: Given = {}) {
  const ip = Object.entries(interfaces).map(([ifname, addresses], index) => ({
    ...{ ifindex: index + 2, ifname, flags: ['UP'] },
    addr_info: addresses.map((one) => {
      const [local = '', prefixlen] = one.split('/');
      const family = local.includes(':') ? 'inet6' : 'inet';
      return { family, local, prefixlen: Number(prefixlen), scope: 'global' };
    }),
  }));
  const route = [{ dst: 'default', gateway: '192.168.1.1', dev: Object.keys(interfaces)[0] }];
  const printed: Partial<Record<keyof Facts, string>> = {
    os: `ID=debian\nVERSION_CODENAME=${release}\nHW_MEMORY=${memory * 1024}\n`,
    network: `##addresses\n${JSON.stringify(ip)}\n##routes4\n${JSON.stringify(route)}\n`,
    listeners: `##sockets\n${sockets.join('\n')}\n`,
  };
  const read = Object.entries(factProbes).map(([name, probe]) => [
    name,
    probe.parse(printed[name as keyof Facts] ?? ''),
  ]);
  const facts = { ...(Object.fromEntries(read) as Facts), postgres: { clusters } };
  const { resources, notes = [] } = recipe.resources({
    ...{ role: 'postgres', host: 'attic', input: recipe.inputs.parse(input), expose, facts, network },
    ...{
      siblings: siblings as never,
      others: [],
      endpoints: [],
      closeUnlisted: false,
      authority: () => undefined,
    },
    template: (name, data) =>
      renderTemplate(
        name,
        readFileSync(new URL(`../../../templates/postgres/${name}.hbs`, import.meta.url), 'utf8'),
        data,
      ),
    secretTemplate: () => new Secret(''),
    folder: () => {
      throw new Error('no folder');
    },
    secret: (name) => new Secret(name),
  });
  const content = (end: string): string => {
    const found = resources.find(({ id }) => id.endsWith(end));
    return (found?.spec as { readonly content: string } | undefined)?.content ?? '';
  };
  return {
    ids: resources.map(({ id }) => id),
    conf: content('/conf.d/hostwright.conf'),
    /** What it sets, without quotes. */
    settings: Object.fromEntries(
      [...content('/conf.d/hostwright.conf').matchAll(/^(\w+) = '?(.*?)'?$/gm)].map(([, name, value]) => [
        name,
        value,
      ]),
    ) as Record<string, string>,
    lan: [...content('/hostwright_hba.conf').matchAll(/^hostssl .* {2}(\S+) {2}\S+$/gm)].map(
      ([, range]) => range,
    ),
    hba: content('/hostwright_hba.conf'),
    sandbox: content('.service.d/hostwright.conf'),
    notes: notes.map(({ level, text }) => `${level}: ${text}`),
  };
}
