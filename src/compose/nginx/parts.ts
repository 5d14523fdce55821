import { STOCK_SITE } from '../../facts/probes/nginx.ts';
import { kind as directory } from '../../resources/directory.ts';
import { kind as file } from '../../resources/file.ts';
import type { Resource, ResourceOptions } from '../../resources/kind.ts';
import { kind as packageKind } from '../../resources/package.ts';
import { kind as service } from '../../resources/service.ts';
import { kind as symlink } from '../../resources/symlink.ts';
import type { PlanNote } from '../recipe.ts';
import { type NginxContext, namesOf } from './context.ts';
import { front } from './front.ts';
import type { Place } from './place.ts';
import { SANDBOX } from './sandbox.ts';

/** What every role that nginx serves declares, around what is its own. The same from each, so that it is there once. */
export interface NginxParts {
  /** The package, and what confines the program before it first starts. */
  readonly first: readonly Resource[];
  /** What has to be out of the way or in force before a server block of ours is. */
  readonly before: readonly Resource[];
  /** The service, for the end. */
  readonly last: readonly Resource[];
  /** For every file below /etc/nginx: proven by nginx itself on a copy, with the reload or restart that it takes. */
  readonly proven: ResourceOptions;
  readonly notes: readonly Omit<PlanNote, 'role'>[];
}

/** It sees a copy of /etc/nginx with the new files in it. */
const TEST = ['nginx', '-t', '-q'];
const DROP_INS = '/etc/systemd/system/nginx.service.d';

export function nginxParts(context: NginxContext, place: Place): NginxParts {
  const proven: ResourceOptions = {
    validate: { root: '/etc/nginx', command: TEST },
    notify: [{ service: 'nginx', action: place.action }],
  };
  return {
    first: [packageKind.of({ name: 'nginx' }), ...(place.onlyOurs ? sandbox() : [])],
    before: [
      ...longNames(context, proven),
      ...(place.replacesStock ? [noStockSite(context, proven)] : []),
      ...front(context, place.https, proven),
    ],
    last: [service.of({ name: 'nginx', enabled: true, running: true, validate: TEST })],
    proven,
    notes: place.onlyOurs ? place.notes : [...place.notes, unconfined],
  };
}

/** Somebody else's site may have its files or logs anywhere, so it is for that person to say what nginx may do. */
const unconfined: Omit<PlanNote, 'role'> = {
  level: 'info',
  text: 'nginx serves more here than the roles of this host, so its service keeps the rights that it has: what it may do is not narrowed down.',
};

function sandbox(): Resource[] {
  return [
    directory.of({ path: DROP_INS }),
    file.of(
      { path: `${DROP_INS}/hostwright.conf`, content: SANDBOX },
      { notify: [{ service: 'nginx', action: 'restart' }] },
    ),
  ];
}

/**
 * Debian's own site would be a second default server, which nginx refuses. When nginx isn't installed yet, its package
 * makes the link during this very run.
 */
function noStockSite({ facts }: NginxContext, options: ResourceOptions): Resource {
  const link = { path: STOCK_SITE.link, absent: true, onlyIfTarget: STOCK_SITE.target } as const;
  return symlink.of(facts.nginx.installed ? link : { ...link, appears: true }, options);
}

const LONG_NAMES = `# Made by hostwright for the sites of this host. It may stand only once, so it has a file of its own.
# A name longer than some 40 characters does not fit into nginx's table of names as it is by default.
server_names_hash_bucket_size 512;
`;

/** nginx's table of names takes long ones only when told so, once for all: the same from each role of the host. */
function longNames({ facts: { nginx }, input, others }: NginxContext, options: ResourceOptions): Resource[] {
  const path = '/etc/nginx/conf.d/hostwright-http.conf';
  const names = [...namesOf(input), ...others.flatMap((other) => other.names)];
  const isSet = nginx.httpDirectives.some(
    ({ name, file: where }) => name === 'server_names_hash_bucket_size' && where !== path,
  );
  const isRead = nginx.readsConfD || !nginx.configured;
  if (isSet || !isRead || !names.some((name) => name.length > 40)) return [];
  return [file.of({ path, content: LONG_NAMES, owner: 'root', group: 'root' }, options)];
}
