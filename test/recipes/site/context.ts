import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import recipe from '../../../recipes/site/recipe.ts';
import { collisions } from '../../../src/compose/collide.ts';
import { compose, exposedEndpoints } from '../../../src/compose/compose.ts';
import type { Exposure, PlanNote, Recipe } from '../../../src/compose/recipe.ts';
import { UserError } from '../../../src/errors.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import { type Directive, parseConfig } from '../../../src/facts/nginx/tokens.ts';
import { fact, type Nginx } from '../../../src/facts/probes/nginx.ts';
import { factProbes } from '../../../src/facts/registry.generated.ts';
import type { Folder } from '../../../src/host/folder.ts';
import type { Host } from '../../../src/host/host.ts';
import { agentFolder } from '../../fixtures/agent-folder.ts';

const IP = [
  {
    ifindex: 2,
    ifname: 'eth0',
    flags: ['UP'],
    addr_info: [
      { family: 'inet', local: '192.168.1.20', prefixlen: 24, scope: 'global' },
      { family: 'inet6', local: 'fd00::20', prefixlen: 64, scope: 'global' },
      { family: 'inet6', local: '2001:db8::20', prefixlen: 64, scope: 'global' },
    ],
  },
];
const ROUTE = [{ dst: 'default', gateway: '192.168.1.1', dev: 'eth0' }];

/** A machine at home; `ss` lines are those of its listening sockets. */
export function machine({
  nginx = {},
  sockets = [],
  ip = IP,
}: {
  nginx?: Partial<Nginx>;
  sockets?: readonly string[];
  ip?: unknown;
} = {}): Facts {
  const outputs: Partial<Record<string, string>> = {
    network: `##addresses\n${JSON.stringify(ip)}\n##routes4\n${JSON.stringify(ROUTE)}\n`,
    listeners: `##sockets\n${sockets.join('\n')}\n`,
  };
  const facts = Object.entries(factProbes).map(([name, probe]) => [name, probe.parse(outputs[name] ?? '')]);
  return { ...(Object.fromEntries(facts) as Facts), nginx: { ...fact.parse(''), ...nginx } };
}

const NGINX_CONF = 'http { include /etc/nginx/conf.d/*.conf; include /etc/nginx/sites-enabled/*; }';
const STOCK = 'server { listen 80 default_server; listen [::]:80 default_server; server_name _; }';

/** An nginx that is installed, with these files in /etc/nginx. */
export function nginxWith(
  files: Readonly<Record<string, string>>,
  { installed = true, stock = false } = {},
): Nginx {
  const all = { 'nginx.conf': NGINX_CONF, ...(stock ? { 'sites-enabled/default': STOCK } : {}), ...files };
  const marks = [
    ...(installed ? ['##installed'] : []),
    ...(stock ? ['##stock-enabled', '##stock-untouched'] : []),
  ];
  const printed = Object.entries(all).flatMap(([path, text]) => [`##file /etc/nginx/${path}`, ` ${text}`]);
  return fact.parse([...marks, ...printed].join('\n'));
}

export function folderOf(files: Readonly<Record<string, string>> = { 'index.html': 'hello' }): Folder {
  const scanned = Object.entries(files).map(([path, text]) => ({
    path,
    size: text.length,
    sha256: createHash('sha256').update(text).digest('hex'),
    executable: false,
  }));
  return { path: '/home/me/public', files: scanned, skipped: [] };
}

export interface SiteRole {
  readonly expose?: Exposure;
  readonly [input: string]: unknown;
}

/**
 * What a host file with these sites comes to.
 * @throws {UserError} as loading the host file would
 */
export function sites(
  roles: Readonly<Record<string, SiteRole>>,
  facts: Facts = machine(),
  files?: Readonly<Record<string, string>>,
) {
  const host: Host = {
    file: 'host.yaml',
    directory: '/home/me',
    name: 'attic',
    connect: { kind: 'lab' } as Host['connect'],
    network: { lan: ['10.9.0.0/16'] },
    roles: Object.entries(roles).map(([name, { expose = 'lan', ...input }], index) => ({
      name,
      recipe: 'site',
      definition: recipe as unknown as Recipe,
      expose,
      input: recipe.inputs.parse(input),
      at: () => ({ file: 'host.yaml', line: index + 1 }),
    })),
    folders: new Map([['./public', folderOf(files)], agentFolder]),
    templates: new Map(['server.conf'].map((name) => [`site/${name}`, template(name)])),
  };
  const serving = exposedEndpoints(host, facts);
  const [collision] = collisions(
    host.roles.map(({ name }) => ({ name, endpoints: serving.filter(({ role }) => role === name) })),
  );
  if (collision) throw new UserError({ message: `collision: ${collision.common}` });
  const { resources, notes, endpoints } = compose(host, facts, { closeUnlisted: false });
  return {
    ids: resources.map(({ resource }) => resource.id),
    notes: notes
      .map(({ level, text }: PlanNote) => `${level}: ${text}`)
      .filter((note) => !note.includes('narrowed down')),
    confined: resources.some(({ resource }) => resource.id.includes('nginx.service.d/hostwright.conf')),
    endpoints,
    resource: (id: string) => resources.find(({ resource }) => resource.id === id)?.resource,
    configs: resources.flatMap(({ resource }) => {
      const { path, content } = resource.spec as { readonly path: string; readonly content?: string };
      return content === undefined || !path.startsWith('/etc/nginx/')
        ? []
        : [{ path, content, notify: resource.notify[0]?.action }];
    }),
  };
}

function template(name: string): string {
  return readFileSync(new URL(`../../../templates/site/${name}.hbs`, import.meta.url), 'utf8');
}

/** The arguments of each directive of that name directly in the server block. */
export function directives(content: string, name: string): readonly string[] {
  const { directives: top, complete } = parseConfig(content);
  if (!complete) throw new Error('nginx would not read this');
  const server: Directive | undefined = top.find((directive) => directive.name === 'server');
  return (server?.block ?? [])
    .filter((directive) => directive.name === name)
    .map(({ args }) => args.join(' '));
}
