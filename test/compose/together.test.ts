import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { builtInCatalogue } from '../../src/compose/catalogue.ts';
import { compose } from '../../src/compose/compose.ts';
import { UserError } from '../../src/errors.ts';
import { loadHost } from '../../src/host/load.ts';
import { casesOfRecipe, factsOf, readCase } from '../recipes/cases.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostwright-together-'));
  mkdirSync(join(folder, 'public'));
  writeFileSync(join(folder, 'public/index.html'), 'hello');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What a host file comes to on a bare machine: resources, or each complaint with its place. */
async function planned(roles: string): Promise<readonly string[]> {
  writeFileSync(join(folder, 'host.yaml'), `host: attic\nroles:\n${roles}`);
  try {
    const host = await loadHost('host.yaml', { cwd: folder, recipes: builtInCatalogue(), connect: 'lab' });
    const { resources } = compose(host, factsOf('bare-bookworm'), { closeUnlisted: false });
    return resources.map(({ resource }) => resource.id);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.problems.map(({ at, message }) => `${at?.line}:${at?.column} ${message}`);
  }
}

const ALL = `  base: {}
  firewall: {}
  ftp: { users: [{ name: anna, folders: [www] }] }
  sftp: { users: [{ name: anna, folders: [www] }] }
  blog: { recipe: site, root: /srv/shared/www, domain: blog.home.arpa }
  front: { recipe: proxy, to: blog, domain: www.home.arpa }
  postgres: { databases: [{ name: blog, owner: anna }] }
  mariadb: { databases: [{ name: blog, owner: anna }] }
  dns: { zones: [{ name: home.arpa }] }
  own: { recipe: extras, packages: [tree], users: [{ name: postgres, system: true, groups: [adm] }] }
`;

it('takes every role of the catalogue on one host, each thing once', async () => {
  // A new recipe joins by its first case.
  const others = builtInCatalogue()
    .names()
    .filter((recipe) => !new RegExp(`^ {2}${recipe}:|recipe: ${recipe},`, 'm').test(ALL))
    .map(
      (recipe) => casesOfRecipe(recipe).map((example) => readCase(example).host.roles)[0] ?? { [recipe]: {} },
    )
    .map((roles) => stringify(roles).replaceAll(/^(?=.)/gm, '  '));
  const ids = await planned([ALL, ...others].join(''));
  expect(ids).toEqual(expect.arrayContaining(['user:anna', 'postgres-role:anna', 'service:named']));
  expect(new Set(ids).size).toBe(ids.length);
});

it.each<[what: string, roles: string, expected: readonly string[]]>([
  [
    'a port',
    `  web: { recipe: proxy, to: "http://192.168.1.30:80", port: 5432 }
  db: { recipe: postgres, databases: [{ name: blog }] }
`,
    ['4:3 roles.db: port 5432 (tcp) is already taken by roles.web (host.yaml:3:55)'],
  ],
  [
    'a port within a range',
    `  ftp: { users: [{ name: anna }] }
  db: { recipe: postgres, port: 21003, databases: [{ name: blog }] }
`,
    ['4:27 roles.db: port 21003 (tcp) is already taken by roles.ftp (host.yaml:3:3)'],
  ],
  [
    'a name of sites and proxies',
    `  blog: { recipe: site, domain: blog.example.org }
  front: { recipe: proxy, to: blog, domain: front.example.org, aliases: [blog.example.org] }
`,
    ['4:3 roles.front: on port 80 (tcp), blog.example.org already goes to roles.blog (host.yaml:3:3)'],
  ],
  [
    'a user',
    `  ftp: { users: [{ name: anna }] }
  own: { recipe: extras, users: [{ name: ben }, { name: anna, shell: /bin/bash }] }
`,
    ['4:51 The roles ‘ftp’ (host.yaml:3:20) and ‘own’ both want user:anna, and not in the same way.'],
  ],
  [
    'the account of a service',
    `  ftp: { users: [{ name: mysql }] }
  db: { recipe: mariadb, databases: [{ name: blog }] }
`,
    [
      '4:3 The roles ‘ftp’ (host.yaml:3:20) and ‘db’ both want the account mysql: as one for people and as the one that mariadb-server works under.',
    ],
  ],
  [
    'a folder',
    `  ftp: { users: [{ name: anna, folders: [www] }] }
  own: { recipe: extras, directories: [{ path: /srv/shared/www, mode: "0777" }] }
`,
    [
      '4:42 The roles ‘ftp’ (host.yaml:3:3) and ‘own’ both want directory:/srv/shared/www, and not in the same way.',
    ],
  ],
  [
    'a folder and a file',
    `  web: { recipe: site }
  own: { recipe: extras, files: [{ path: /var/www/web, content: hello }] }
`,
    [
      '4:36 The roles ‘web’ (host.yaml:3:3) and ‘own’ both want the path /var/www/web: as a directory and as a file.',
    ],
  ],
  [
    'a unit',
    `  db: { recipe: mariadb, databases: [{ name: blog }] }
  own: { recipe: extras, files: [{ path: /etc/systemd/system/mariadb.service.d/hostwright.conf, content: "[Service]" }] }
`,
    [
      '4:36 The roles ‘db’ (host.yaml:3:3) and ‘own’ both want file:/etc/systemd/system/mariadb.service.d/hostwright.conf, and not in the same way.',
    ],
  ],
  [
    'a certificate',
    `  db: { recipe: mariadb, databases: [{ name: blog }] }
  own: { recipe: extras, certificates: [{ name: db, names: [db.home.arpa] }] }
`,
    ['4:43 The roles ‘db’ (host.yaml:3:3) and ‘own’ both want certificate:db, and not in the same way.'],
  ],
])('finds %s that two roles want, and says where both stand', async (_, roles, expected) => {
  expect(await planned(roles)).toEqual(expected);
});
