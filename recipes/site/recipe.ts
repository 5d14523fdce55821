import { defineRecipe } from '../../src/compose/recipe.ts';
import { STOCK_SITE } from '../../src/facts/probes/nginx.ts';
import { kind as directory } from '../../src/resources/directory.ts';
import { kind as file } from '../../src/resources/file.ts';
import type { Resource, ResourceOptions } from '../../src/resources/kind.ts';
import { kind as packageKind } from '../../src/resources/package.ts';
import { kind as service } from '../../src/resources/service.ts';
import { kind as symlink } from '../../src/resources/symlink.ts';
import { kind as tree } from '../../src/resources/tree.ts';
import { namesOf } from './conflicts.ts';
import { inputs, type SiteContext } from './inputs.ts';
import { pageToProve, remarks } from './pages.ts';
import { type Place, placeSite } from './place.ts';

/** It sees a copy of /etc/nginx with the new files in it. */
const nginxTest = ['nginx', '-t', '-q'];

export default defineRecipe({
  title: 'Static website',
  summary: 'Serves the files of a folder with nginx: compressed, sensibly cached, with safe headers.',
  menu: 10,
  inputs,

  endpoints: ({ host, input, folder }) => [
    {
      name: 'http',
      protocol: 'tcp',
      port: input.port,
      sharedBy: 'nginx',
      sharedAs: input.domain === undefined ? ['whoever asks by address'] : namesOf(input),
      prove: {
        probe: 'http',
        // Without a domain any name will do; beside another site that answers by address, only the host's own will.
        with: { hostname: input.domain ?? host, ...pageToProve(folder(input.source)) },
      },
    },
  ],

  names: ({ input }) => namesOf(input),

  resources(context) {
    const { role, input } = context;
    const folder = context.folder(input.source);
    const path = `/var/www/${role}`;
    const place = placeSite(context);
    const proven: ResourceOptions = {
      validate: { root: '/etc/nginx', command: nginxTest },
      notify: [{ service: 'nginx', action: place.action }],
    };
    return {
      resources: [
        packageKind.of({ name: 'nginx' }),
        directory.of({ path, mode: '0755', owner: 'root', group: 'root' }),
        tree.of({ path, folder, owner: 'root', group: 'root', fileMode: '0644', directoryMode: '0755' }),
        ...longNames(context, proven),
        ...(place.replacesStock ? [noStockSite(context, proven)] : []),
        file.of({ path: place.path, content: server(context, place), owner: 'root', group: 'root' }, proven),
        service.of({ name: 'nginx', enabled: true, running: true, validate: nginxTest }),
      ],
      notes: [...place.notes, ...remarks(folder, input.source)],
    };
  },
});

function server({ role, input, folder, template }: SiteContext, { listens, names, allow }: Place): string {
  return template('server.conf', {
    role,
    root: `/var/www/${role}`,
    // Names of roles have no underscore, so two roles never come to the same variable.
    variable: `hostwright_${role.replaceAll('-', '_')}_cache`,
    log: `/var/log/nginx/${role}.access.log`,
    listens,
    names,
    allow,
    spa: input.spa,
    notFound: folder(input.source).files.some(({ path }) => path === '404.html'),
  });
}

/**
 * Debian's own site would be a second default server, which nginx refuses. When nginx isn't installed yet, its package
 * makes the link during this very run.
 */
function noStockSite({ facts }: SiteContext, options: ResourceOptions): Resource {
  const link = { path: STOCK_SITE.link, absent: true, onlyIfTarget: STOCK_SITE.target } as const;
  return symlink.of(facts.nginx.installed ? link : { ...link, appears: true }, options);
}

/** nginx's table of names takes long ones only when told so, once for all: the same from each site of the host. */
function longNames(
  { facts: { nginx }, siblings, input, template }: SiteContext,
  options: ResourceOptions,
): Resource[] {
  const path = '/etc/nginx/conf.d/hostwright-http.conf';
  const names = [input, ...siblings.map((sibling) => sibling.input)].flatMap(namesOf);
  const isSet = nginx.httpDirectives.some(
    ({ name, file: where }) => name === 'server_names_hash_bucket_size' && where !== path,
  );
  const isRead = nginx.readsConfD || !nginx.configured;
  if (isSet || !isRead || !names.some((name) => name.length > 40)) return [];
  return [file.of({ path, content: template('http.conf', {}), owner: 'root', group: 'root' }, options)];
}
