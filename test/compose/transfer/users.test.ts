import { expect, it } from 'vitest';
import { builtInCatalogue } from '../../../src/compose/catalogue.ts';
import { compose } from '../../../src/compose/compose.ts';
import type { Host } from '../../../src/host/host.ts';
import { bareMachine } from '../../injection/composed.ts';

const catalogue = builtInCatalogue();

async function composed(roles: Readonly<Record<string, Readonly<Record<string, unknown>>>>) {
  const loaded = await Promise.all(
    Object.entries(roles).map(async ([name, { recipe = name, ...input }], index) => {
      const definition = await catalogue.load(String(recipe));
      if (!definition) throw new Error(`no recipe ${String(recipe)}`);
      const at = () => ({ file: 'host.yaml', line: index + 3, column: 3 });
      return {
        name,
        recipe: String(recipe),
        definition,
        expose: 'lan' as const,
        input: definition.inputs.parse(input),
        at,
      };
    }),
  );
  const templates = await Promise.all(
    ['ftp', 'sftp', 'site', 'nginx'].map(async (name) =>
      [...(await catalogue.templates(name))].map(([file, text]) => [`${name}/${file}`, text] as const),
    ),
  );
  const host: Host = {
    file: 'host.yaml',
    directory: '/tmp',
    name: 'attic',
    connect: { kind: 'local', sudo: 'none' },
    network: { lan: [] },
    roles: loaded,
    folders: new Map(),
    templates: new Map(templates.flat()),
  };
  const { resources, notes } = compose(host, bareMachine(), { closeUnlisted: false });
  const specs = new Map(
    resources.map(({ resource }) => [resource.id, resource.spec as Record<string, unknown>]),
  );
  return { specs, owners: new Map(resources.map(({ resource, role }) => [resource.id, role])), notes };
}

const anna = (more: object = {}) => ({ users: [{ name: 'anna', ...more }] });
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJz0TuWnZVkFsVrPWq3bAqf0zYhI8b9eFZ2m8uJqkQxR';

it('gives a user of both roles one account, one password and the folders of both', async () => {
  const { specs, owners } = await composed({
    ftp: anna({ folders: ['music'] }),
    sftp: anna({ folders: ['www'] }),
  });
  expect(specs.get('user:anna')).toMatchObject({
    home: '/srv/files/anna',
    shell: '/usr/sbin/nologin',
    groups: ['files-music', 'files-www'],
  });
  expect(owners.get('password:anna')).toBe('sftp');
  expect(specs.has('service:srv-files-anna-music.mount')).toBe(true);
});

it('keeps a password for FTP where SFTP asks for a key, and none where nobody needs one', async () => {
  const both = await composed({ ftp: anna(), sftp: anna({ keys: [KEY] }) });
  expect(both.owners.get('password:anna')).toBe('ftp');
  expect((await composed({ sftp: anna({ keys: [KEY] }) })).owners.has('password:anna')).toBe(false);
});

it('lets a web server read what a site serves, and nothing else', async () => {
  const { specs } = await composed({
    sftp: anna({ folders: ['www', 'private'] }),
    blog: { recipe: 'site', root: '/srv/shared/www/htdocs' },
  });
  expect(specs.get('directory:/srv/shared/www')).toMatchObject({ mode: '2775' });
  expect(specs.get('directory:/srv/shared/private')).toMatchObject({ mode: '2770' });
  expect(specs.get('directory:/srv/files/anna')).toMatchObject({ mode: '0750' });
});

it.each([
  ['is named twice', { ftp: { users: [{ name: 'anna' }, { name: 'anna' }] } }, 'anna is named twice'],
  [
    'has another role of the kind',
    { ftp: anna(), files: { recipe: 'ftp', ...anna(), port: 2121, passivePort: 22_000 } },
    'there is one of it on a host',
  ],
])('refuses who %s', async (_, roles, message) => {
  await expect(composed(roles)).rejects.toThrow(message);
});
