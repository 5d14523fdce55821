import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { patternsOf } from '../../../recipes/mariadb/places.ts';
import recipe from '../../../recipes/mariadb/recipe.ts';
import type { Exposure, HostNetwork, RecipeContext } from '../../../src/compose/recipe.ts';
import { renderTemplate } from '../../../src/compose/templates.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import { factProbes } from '../../../src/facts/registry.generated.ts';
import { Secret } from '../../../src/secrets/secret.ts';

interface Given {
  readonly input?: Readonly<Record<string, unknown>>;
  readonly expose?: Exposure;
  /** What the fact's script printed. */
  readonly mariadb?: string;
  readonly network?: HostNetwork;
  readonly addresses?: readonly string[];
  /** MiB */
  readonly memory?: number;
  readonly sockets?: readonly string[];
  readonly siblings?: readonly { readonly role: string; readonly input: unknown }[];
}

const HOME = ['192.168.1.20/24', 'fd00:0:0:1::20/64', '2001:db8::20/64'];
const CNF = '/etc/mysql/mariadb.conf.d/50-server.cnf';
/** As Debian has it. */
const STOCK = `##file ${CNF}\n [mysqld]\n bind-address            = 127.0.0.1\n character-set-server  = utf8mb4\n`;

/** What the role comes to on a machine. */
function compose({
  input = { databases: [{ name: 'blog' }] },
  expose = 'lan',
  mariadb = '',
  network = { lan: [] },
  addresses = HOME,
  memory = 4096,
  sockets = [],
  siblings = [],
}: Given = {}) {
  const addr_info = addresses.map((one) => {
    const [local = '', prefixlen] = one.split('/');
    const family = local.includes(':') ? 'inet6' : 'inet';
    return { family, local, prefixlen: Number(prefixlen), scope: 'global' };
  });
  const links = [{ ifindex: 2, ifname: 'eth0', flags: ['UP'], addr_info }];
  const route = [{ dst: 'default', gateway: '192.168.1.1', dev: 'eth0' }];
  const printed: Partial<Record<keyof Facts, string>> = {
    os: `ID=debian\nVERSION_CODENAME=trixie\nHW_MEMORY=${memory * 1024}\n`,
    network: `##addresses\n${JSON.stringify(links)}\n##routes4\n${JSON.stringify(route)}\n`,
    listeners: `##sockets\n${sockets.join('\n')}\n`,
    mariadb,
  };
  const read = Object.entries(factProbes).map(([name, probe]) => [
    name,
    probe.parse(printed[name as keyof Facts] ?? ''),
  ]);
  const context: Omit<RecipeContext<never>, 'input'> = {
    ...{ role: 'db', host: 'attic', expose, facts: Object.fromEntries(read) as Facts, network },
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
        readFileSync(new URL(`../../../templates/mariadb/${name}.hbs`, import.meta.url), 'utf8'),
        data,
      ),
    secretTemplate: () => new Secret(''),
    folder: () => {
      throw new Error('no folder');
    },
    secret: (name) => new Secret(name),
  };
  const { resources, notes = [] } = recipe.resources({ ...context, input: recipe.inputs.parse(input) });
  const conf = resources.find(({ id }) => id.endsWith('/zz-hostwright.cnf'))?.spec as { content: string };
  return {
    conf: conf.content,
    /** What it sets. */
    settings: Object.fromEntries(
      [...conf.content.matchAll(/^([a-z-]+) = (.*)$/gm)].map(([, name, value]) => [name, value]),
    ) as Record<string, string>,
    users: resources
      .filter(({ kind }) => kind === 'mariadb-user')
      .map(({ spec }) => {
        const { user, owns, places } = spec as {
          user: string;
          owns: string[];
          places: { host: string; tls: boolean }[];
        };
        return { user, owns, places: places.map(({ host, tls }) => (tls ? `tls ${host}` : host)) };
      }),
    notes: notes.map(({ level, text }) => `${level}: ${text}`),
  };
}

const HERE = ['localhost', '127.0.0.1', '::1'];

describe('memory and connections', () => {
  it.each([
    [512, { 'max-connections': '40', 'innodb-buffer-pool-size': '64M', 'innodb-log-file-size': '32M' }],
    [1024, { 'max-connections': '40', 'innodb-buffer-pool-size': '128M', 'tmp-table-size': '8M' }],
    [4096, { 'max-connections': '100', 'innodb-buffer-pool-size': '512M', 'innodb-log-file-size': '256M' }],
    [65_536, { 'max-connections': '100', 'innodb-buffer-pool-size': '2048M', 'tmp-table-size': '32M' }],
  ])('follow from %d MB', (memory, wanted) => {
    expect(compose({ memory }).settings).toMatchObject(wanted);
  });

  it('are the same on machines whose kernels keep somewhat more or less', () => {
    expect(compose({ memory: 3921 }).conf).toBe(compose({ memory: 4010 }).conf);
  });

  it('stay as somebody chose them, and give way to the host file', () => {
    const mariadb = `##theirs\n##file ${CNF}\n [mysqld]\n innodb_buffer_pool_size = 8G # much\n [server]\n max_connections=30\n`;
    const { settings, notes } = compose({ mariadb });
    expect(settings).not.toHaveProperty('innodb-buffer-pool-size');
    expect(settings).not.toHaveProperty('max-connections');
    expect(settings).toHaveProperty('innodb-log-file-size');
    expect(notes).toContain(
      `info: innodb-buffer-pool-size, max-connections: set by hand before (${CNF}), and left as it is.`,
    );
    const input = { databases: [{ name: 'blog' }], maxConnections: 60 };
    expect(compose({ input, mariadb }).settings).toMatchObject({ 'max-connections': '60' });
  });

  it('are the same before the package has come and after', () => {
    expect(compose({ mariadb: `##ours\n${STOCK}` })).toEqual(compose());
  });
});

describe('who may log in', () => {
  it('is the LAN, by the networks that it has now, with TLS', () => {
    const { users, settings, notes } = compose({ network: { lan: ['10.9.0.0/16'] } });
    expect(settings).toMatchObject({ 'bind-address': '*', 'require-secure-transport': 'ON' });
    expect(users[0]?.places).toEqual([
      ...HERE,
      'tls 192.168.1.0/255.255.255.0',
      'tls 2001:db8:0:0:%',
      'tls 2001:db8::%',
      'tls fd00:0:0:1:%',
      'tls 10.9.0.0/255.255.0.0',
    ]);
    expect(notes).toEqual([expect.stringContaining('IPv6 networks as they are today')]);
  });

  it('is the machine alone when the host file says so', () => {
    const { users, settings } = compose({ expose: 'host' });
    expect([users[0]?.places, settings['bind-address']]).toEqual([HERE, '127.0.0.1']);
  });

  it('is not the neighbours of a rented server', () => {
    const { users, notes } = compose({ addresses: ['203.0.113.5/24', '2001:db8::5/64'] });
    expect(users[0]?.places).toEqual(HERE);
    expect(notes[0]).toMatch(/^warning: This machine is in no LAN/);
  });

  it('is told of networks that MariaDB cannot write', () => {
    const { notes } = compose({ network: { lan: ['2001:db8:7::/56'] } });
    expect(notes).toContainEqual(expect.stringMatching(/^warning: MariaDB cannot let in 2001:db8:7::\/56/));
  });

  it('is never the internet', () => {
    expect(() => compose({ expose: 'internet' })).toThrow(/not for the internet.*ssh -L/s);
  });

  it('owns each database by one account', () => {
    const input = {
      databases: [{ name: 'blog' }, { name: 'wiki', owner: 'anna' }, { name: 'lists', owner: 'anna' }],
    };
    expect(compose({ input }).users.map(({ user, owns }) => [user, owns])).toEqual([
      ['blog', ['blog']],
      ['anna', ['wiki', 'lists']],
    ]);
  });
});

describe('a network as MariaDB compares it', () => {
  it.each([
    ['192.168.1.0/24', ['192.168.1.0/255.255.255.0']],
    ['10.8.0.0/13', ['10.8.0.0/255.248.0.0']],
    ['192.168.1.7/32', ['192.168.1.7']],
    ['fd00:1:2:3::/64', ['fd00:1:2:3:%']],
    ['2001:db8::/32', ['2001:db8:%']],
    ['fd00::/64', ['fd00:0:0:0:%', 'fd00::%']],
    ['fd00::7/128', ['fd00::7']],
    ['fd00::/56', []],
    ['::/0', []],
  ])('%s', (range, wanted) => expect(patternsOf(range)).toEqual(wanted));
});

describe('a server that was there', () => {
  it('keeps accounts and databases that nobody should have, and the plan says how to be rid of them', () => {
    const mariadb = `##theirs\n${STOCK}##accounts\n anonymous\tlocalhost\n anonymous\tattic\n database\ttest\n root\t%\n open\tanna@localhost\n`;
    const { notes } = compose({ mariadb });
    const [without, test, root, open, tls] = notes.slice(1);
    expect(without).toContain(`sudo mariadb -e "DROP USER ''@'localhost', ''@'attic'"`);
    expect(test).toContain('sudo mariadb -e "DROP DATABASE test"');
    expect(root).toContain(`sudo mariadb -e "DROP USER 'root'@'%'"`);
    expect(open).toContain('need no password: anna@localhost.');
    expect(tls).toContain('needs TLS from now on');
    expect(notes.slice(1).every((note) => note.startsWith('warning: MariaDB ') || note === tls)).toBe(true);
    // As long as they are there, but what changes is told once.
    expect(compose({ mariadb: mariadb.replace('theirs', 'ours') }).notes).toEqual(notes.slice(0, -1));
  });

  it('is heard of where it will not be any more', () => {
    const mariadb = `##theirs\n##file ${CNF}\n [mysqld]\n bind-address = 0.0.0.0\n`;
    expect(compose({ expose: 'host', mariadb }).notes).toEqual([
      expect.stringContaining(`has listened at 0.0.0.0 (${CNF})`),
    ]);
    expect(compose({ expose: 'host', mariadb: `##theirs\n${STOCK}` }).notes).toEqual([]);
  });

  it.each<[string, Given, RegExp]>([
    ['another port', { mariadb: `##ours\n##file ${CNF}\n [mariadb]\n port=3307\n` }, /set to port 3307/],
    ['no network', { mariadb: `##ours\n##file ${CNF}\n [mysqld]\n skip_networking\n` }, /no network/],
    [
      'another program at its port',
      { sockets: ['tcp LISTEN 0 80 0.0.0.0:3306 0.0.0.0:* users:(("mysqld",pid=7,fd=3))'] },
      /Port 3306 is taken/,
    ],
    ['a second role', { siblings: [{ role: 'more', input: {} }] }, /db and more are both/],
  ])('is not silently beside %s', (_, given, message) => {
    expect(() => compose(given)).toThrow(message);
  });

  it('may be at the usual port, and without a network where none is wanted', () => {
    expect(() =>
      compose({ mariadb: `##theirs\n##file ${CNF}\n [mysqld]\n port=3306\n skip-networking=0\n` }),
    ).not.toThrow();
    const alone = `##theirs\n##file ${CNF}\n [mysqld]\n skip-networking\n`;
    expect(() => compose({ expose: 'host', mariadb: alone })).not.toThrow();
  });
});

it.each([
  { databases: [] },
  { databases: [{ name: 'blog' }, { name: 'blog' }] },
  { databases: [{ name: 'test' }] },
  { databases: [{ name: 'blog', owner: 'root' }] },
  { databases: [{ name: 'blog', charset: 'latin1' }] },
  { databases: [{ name: 'blog', collation: 'latin1_bin' }] },
])('refuses %j', (input) => expect(recipe.inputs.safeParse(input).success).toBe(false));
