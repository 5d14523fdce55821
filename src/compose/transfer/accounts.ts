import { z } from 'zod';
import { kind as directory } from '../../resources/directory.ts';
import { kind as file } from '../../resources/file.ts';
import { kind as group } from '../../resources/group.ts';
import type { Resource } from '../../resources/kind.ts';
import { kind as service } from '../../resources/service.ts';
import { kind as user } from '../../resources/user.ts';
import type { OtherRole, RecipeContext } from '../recipe.ts';
import { OWN, SHARED, type TransferUser, USERS } from './users.ts';

/**
 * Accounts and folders of users who only send and fetch files. Each is locked into `/srv/files/NAME`, which is root's,
 * as sshd wants it; he writes in the folder below it, and in shared ones, which are mounted there. Two roles that name
 * the same user declare the same. Pure.
 */
export function accountResources(
  { others, host }: Pick<RecipeContext<unknown>, 'others' | 'host'>,
  users: readonly TransferUser[],
): readonly Resource[] {
  if (users.length === 0) return [];
  const roots = siteRoots(others);
  const served = (path: string): boolean =>
    roots.some((root) => root === path || root.startsWith(`${path}/`));
  const shared = [...new Set(users.flatMap(({ folders }) => folders))].sort();
  const sharedSpec = (name: string) => ({
    // New files and folders belong to the group of those who share them. A site has to be readable by its web server.
    mode: served(`${SHARED}/${name}`) ? '2775' : '2770',
    owner: 'root',
    group: groupOf(name),
  });
  return [
    directory.of({ path: USERS }),
    ...(shared.length > 0 ? [directory.of({ path: SHARED })] : []),
    ...shared.flatMap((name) => [
      group.of({ name: groupOf(name) }),
      directory.of({ path: `${SHARED}/${name}`, ...sharedSpec(name) }),
    ]),
    ...users.flatMap(({ name, folders }) => {
      const home = `${USERS}/${name}`;
      const open = served(`${home}/${OWN}`);
      return [
        user.of({
          name,
          home,
          shell: '/usr/sbin/nologin',
          createHome: false,
          groups: folders.map(groupOf),
        }),
        directory.of({ path: home, mode: open ? '0755' : '0750', group: name }),
        directory.of({ path: `${home}/${OWN}`, mode: open ? '0755' : '0700', owner: name, group: name }),
        ...folders.flatMap((folder) => [
          directory.of({ path: `${home}/${folder}`, ...sharedSpec(folder) }),
          ...mount(host, `${SHARED}/${folder}`, `${home}/${folder}`),
        ]),
      ];
    }),
  ];
}

/** The group of those who share a folder. */
function groupOf(folder: string): string {
  return `files-${folder}`;
}

const siteInput = z.object({ root: z.string() });

/** Folders on the host that sites serve. */
function siteRoots(others: readonly OtherRole[]): readonly string[] {
  return others.flatMap(({ recipe, input }) =>
    recipe === 'site' ? (siteInput.safeParse(input).data?.root ?? []) : [],
  );
}

/** The second place of a folder, also after a restart. A link would lead out of what a user is locked into. */
function mount(host: string, what: string, where: string): readonly Resource[] {
  const unit = `${escapePath(where)}.mount`;
  const content = `# Written by hostwright for ${host}. Change it in the host file, then \`hostwright apply\`.
[Unit]
Description=${what} where its user sees it
RequiresMountsFor=${what}

[Mount]
What=${what}
Where=${where}
Type=none
# Nothing in it gains rights or stands for a device.
Options=bind,nosuid,nodev

[Install]
WantedBy=local-fs.target
`;
  return [file.of({ path: `/etc/systemd/system/${unit}`, content }), service.of({ name: unit })];
}

/** systemd-escape(1) --path, for paths of letters, digits, `_` and `-`. */
function escapePath(path: string): string {
  return path.slice(1).replaceAll('-', '\\x2d').replaceAll('/', '-');
}
