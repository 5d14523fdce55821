import { expect, it } from 'vitest';
import { builtInCatalogue } from '../../../src/compose/catalogue.ts';
import { compose } from '../../../src/compose/compose.ts';
import type { Exposure } from '../../../src/compose/recipe.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import type { Host } from '../../../src/host/host.ts';
import { agentFolder } from '../../fixtures/agent-folder.ts';
import { bareMachine } from '../../injection/composed.ts';

const catalogue = builtInCatalogue();

type Roles = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface Situation {
  readonly expose?: Exposure;
  /** What differs from a bare machine. */
  readonly facts?: (bare: Facts) => Partial<Facts>;
}

async function composed(roles: Roles, { expose = 'lan', facts = () => ({}) }: Situation = {}) {
  const loaded = await Promise.all(
    Object.entries(roles).map(async ([name, { recipe = name, ...input }], index) => {
      const definition = await catalogue.load(String(recipe));
      if (!definition) throw new Error(`no recipe ${String(recipe)}`);
      const at = () => ({ file: 'host.yaml', line: index + 3, column: 3 });
      return {
        name,
        recipe: String(recipe),
        definition,
        expose,
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
    folders: new Map([agentFolder]),
    templates: new Map(templates.flat()),
  };
  const bare = bareMachine();
  const { resources, notes } = compose(host, { ...bare, ...facts(bare) }, { closeUnlisted: false });
  const specs = new Map(
    resources.map(({ resource }) => [resource.id, resource.spec as Record<string, unknown>]),
  );
  return {
    specs,
    owners: new Map(resources.map(({ resource, role }) => [resource.id, role])),
    texts: notes.map(({ text }) => text),
  };
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

const CONF = 'file:/etc/proftpd/hostwright.conf';
const DROP_IN = 'file:/etc/ssh/sshd_config.d/10-hostwright-sftp.conf';

it.each([
  ['host', true, false],
  ['lan', true, false],
  ['internet', false, true],
] as const)(
  'lets in by FTP whom the exposure %s says, and tells an address to others only then',
  async (expose, lanOnly, told) => {
    const { specs } = await composed({ ftp: { ...anna(), publicAddress: '203.0.113.2' } }, { expose });
    const conf = String(specs.get(CONF)?.content);
    expect(/<IfClass !lan>\n {2}<Limit LOGIN>\n {4}DenyAll/.test(conf)).toBe(lanOnly);
    expect(conf.includes('MasqueradeAddress 203.0.113.2')).toBe(told);
    expect(conf.includes('DefaultAddress 127.0.0.1 ::1')).toBe(expose === 'host');
    expect(conf).toMatch(/^AllowOverride off$/m);
    expect(conf).not.toMatch(/^ *From (?:0\.0\.0\.0|::)\/0$/m);
  },
);

it.each([
  ['host', 'Match User anna Address *,!127.0.0.0/8,!::1/128'],
  ['lan', 'Match User anna Address *,!127.0.0.0/8,!::1/128,!'],
  ['internet', undefined],
] as const)('turns away by SFTP who comes from beyond the exposure %s', async (expose, line) => {
  const { specs } = await composed({ sftp: anna() }, { expose });
  const conf = String(specs.get(DROP_IN)?.content);
  if (line === undefined) expect(conf).not.toContain('DenyUsers');
  else expect(conf).toContain(`${line}`);
});

it('tells of lists in sshd that hold for its users too, and of who cannot log in', async () => {
  const { texts } = await composed(
    { sftp: anna({ password: false }) },
    { facts: ({ sshd }) => ({ sshd: { ...sshd, effective: { ...sshd.effective, allowusers: 'admin' } } }) },
  );
  expect(texts).toContainEqual(expect.stringContaining('(allowusers)'));
  expect(texts).toContainEqual(expect.stringContaining('anna has neither a key nor a password'));
});

it.each([
  [
    'an FTP server of somebody else',
    { ftp: anna() },
    () => ({ ftp: { installed: true, ours: false } }),
    'was not set up by hostwright',
  ],
  [
    'who logs in to a shell',
    { sftp: anna() },
    ({ sshd }: Facts) => ({
      sshd: { ...sshd, people: [{ name: 'anna', password: true, keys: false }] },
    }),
    'would lose that',
  ],
  [
    'an sshd that reads no additions',
    { sftp: anna() },
    ({ sshd }: Facts) => ({ sshd: { ...sshd, installed: true, include: 'none' as const } }),
    'does not read the folder for additions',
  ],
  [
    'another port than that of sshd',
    { sftp: anna() },
    ({ ssh }: Facts) => ({ ssh: { ...ssh, ports: [2222] } }),
    'listens on 2222, not on 22',
  ],
] as const)('leaves alone %s', async (_, roles, facts, message) => {
  await expect(composed(roles, { facts })).rejects.toThrow(message);
});
