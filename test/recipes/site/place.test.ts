import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { directives, machine, nginxWith, type SiteRole, sites } from './context.ts';

const LINK = 'symlink:/etc/nginx/sites-enabled/default';
const nginx = (files: Record<string, string>, options = {}) => machine({ nginx: nginxWith(files, options) });

/** What the one site's server block says of who it is for. */
function server(site: SiteRole, facts = machine()) {
  const { configs, notes, ids } = sites({ blog: site }, facts);
  const { content = '', path, notify } = configs.at(-1) ?? {};
  const of = (name: string) => directives(content, name);
  return { path, notify, notes, ids, listen: of('listen'), names: of('server_name'), allow: of('allow') };
}

describe('a site without a domain', () => {
  it('is the default one on a fresh machine, and Debian’s page goes before it comes', () => {
    const { listen, names, path, ids, notes } = server({});
    expect({ listen, names, path }).toEqual({
      listen: ['80 default_server', '[::]:80 default_server'],
      names: ['_'],
      path: '/etc/nginx/conf.d/blog.conf',
    });
    expect(ids).toEqual([
      'package:nginx',
      'directory:/etc/systemd/system/nginx.service.d',
      'file:/etc/systemd/system/nginx.service.d/hostwright.conf',
      'directory:/var/www/blog',
      'tree:/var/www/blog',
      LINK,
      'file:/etc/nginx/conf.d/blog.conf',
      'service:nginx',
    ]);
    expect(notes).toEqual([]);
    expect(sites({ blog: {} }).resource(LINK)?.spec).toMatchObject({ appears: true });
  });

  it('replaces Debian’s page in an nginx that nobody uses', () => {
    const facts = nginx({}, { stock: true });
    expect(server({}, facts).listen).toEqual(['80 default_server', '[::]:80 default_server']);
    expect(sites({ blog: {} }, facts).resource(LINK)?.spec).not.toHaveProperty('appears');
  });

  it('leaves Debian’s page when it is on another port, changed, or beside sites of others', () => {
    expect(server({ port: 8080 }).ids).not.toContain(LINK);
    const used = machine({ nginx: { ...nginxWith({}, { stock: true }), stockSite: 'used' } });
    const beside = nginx(
      { 'sites-enabled/shop': 'server { listen 8080; server_name shop.test; }' },
      { stock: true },
    );
    for (const facts of [used, beside]) {
      const { ids, listen, names, notes } = server({}, facts);
      expect(ids).not.toContain(LINK);
      expect(listen).toEqual(['80', '[::]:80']);
      expect(names).toEqual(['attic attic.local attic.home.arpa attic.lan']);
      expect(notes).toEqual([expect.stringMatching(/^warning: It answers only to attic, .* by address/)]);
    }
  });

  it('never takes the visitors of a site that is the default without saying so', () => {
    const shop = 'server { listen 80; listen [::]:80; server_name shop.test; }';
    const facts = nginx({ 'sites-enabled/shop': shop });
    expect(server({}, facts)).toMatchObject({
      listen: ['80', '[::]:80'],
      path: '/etc/nginx/sites-enabled/zz-hostwright-blog.conf',
    });
    expect(server({ domain: 'blog.test' }, facts).path).toBe(
      '/etc/nginx/sites-enabled/zz-hostwright-blog.conf',
    );
    const marked = nginx({ 'sites-enabled/shop': shop.replaceAll('80;', '80 default_server;') });
    expect(server({ domain: 'blog.test' }, marked).path).toBe('/etc/nginx/conf.d/blog.conf');
  });

  it('takes nothing for granted in a configuration that it could not read', () => {
    const { names, path, notes } = server({}, nginx({ 'conf.d/x.conf': 'include /opt/more.conf;' }));
    expect(names).toEqual(['attic attic.local attic.home.arpa attic.lan']);
    expect(path).toBe('/etc/nginx/sites-enabled/zz-hostwright-blog.conf');
    expect(notes).toEqual([expect.stringContaining('could not be read completely')]);
  });
});

describe('nginx’s service', () => {
  it('is confined where nginx serves nothing but roles of the host, what lost roles left among them', () => {
    const old = nginxWith({ 'conf.d/old.conf': 'server { listen 81; server_name old.test; }' });
    const lost = { ...old, written: ['/etc/nginx/conf.d/old.conf'] };
    const broken = nginxWith({ 'conf.d/x.conf': 'include /opt/more.conf;' });
    const confined = (facts = machine()) => sites({ blog: {} }, facts).confined;
    expect([confined(), confined(nginx({}, { stock: true })), confined(machine({ nginx: lost }))]).toEqual([
      true,
      true,
      true,
    ]);
    expect([confined(machine({ nginx: old })), confined(machine({ nginx: broken }))]).toEqual([false, false]);
  });
});

describe('addresses', () => {
  it('have IPv6 only where the kernel has it, and where the sites beside it do', () => {
    const old = [
      {
        ifindex: 1,
        ifname: 'lo',
        addr_info: [{ family: 'inet', local: '127.0.0.1', prefixlen: 8, scope: 'host' }],
      },
    ];
    expect(server({}, machine({ ip: old })).listen).toEqual(['80 default_server']);
    const only4 = 'server { listen 80 default_server; server_name shop.test; }';
    expect(server({ domain: 'blog.test' }, nginx({ 'conf.d/shop.conf': only4 })).listen).toEqual(['80']);
  });

  it('are one socket beside one that takes both families', () => {
    const dual = 'server { listen [::]:80 ipv6only=off default_server; }';
    expect(server({ domain: 'blog.test' }, nginx({ 'conf.d/shop.conf': dual })).listen).toEqual(['[::]:80']);
  });

  it('are those of the machine itself for a site that is for the host only', () => {
    expect(server({ expose: 'host', port: 8080 })).toMatchObject({
      listen: ['127.0.0.1:8080 default_server', '[::1]:8080 default_server'],
      allow: [],
      notify: 'reload',
    });
    // The package starts nginx on every address first.
    expect(server({ expose: 'host' }).notify).toBe('restart');
  });

  it('take a restart to become all addresses, or one again', () => {
    const one = nginx({ 'conf.d/blog.conf': 'server { listen 127.0.0.1:80 default_server; }' });
    expect(server({}, one).notify).toBe('restart');
    const all = nginx({ 'conf.d/blog.conf': 'server { listen 80 default_server; }' });
    expect(server({}, all).notify).toBe('reload');
    expect(server({ expose: 'host' }, all).notify).toBe('restart');
  });

  it('of others that hear one address only are told about', () => {
    const facts = nginx({ 'conf.d/shop.conf': 'server { listen 192.168.1.20:80; server_name shop.test; }' });
    expect(server({ domain: 'blog.test' }, facts).notes).toEqual([
      'warning: Who asks 192.168.1.20:80 gets the sites of /etc/nginx/conf.d/shop.conf only, which listens on that very address.',
    ]);
  });
});

describe('a port shared by sites for different people', () => {
  it('is guarded by nginx, since the firewall sees no names', () => {
    const { configs } = sites({
      blog: { domain: 'blog.test', expose: 'internet' },
      family: { domain: 'family.test', expose: 'lan' },
      admin: { domain: 'admin.test', expose: 'host' },
    });
    const allow = configs.map(({ content }) => [
      ...directives(content, 'allow'),
      ...directives(content, 'deny'),
    ]);
    expect(allow).toEqual([
      [],
      ['127.0.0.0/8', '::1', 'fe80::/10', '192.168.1.0/24', 'fd00::/64', '10.9.0.0/16', 'all'],
      ['127.0.0.0/8', '::1', 'all'],
    ]);
  });

  it('needs no guard when all are for the same', () => {
    expect(
      sites({ a: { domain: 'a.test' }, b: { domain: 'b.test' } }).configs.map(({ content }) =>
        directives(content, 'allow'),
      ),
    ).toEqual([[], []]);
  });
});

describe('what can’t work is refused with its reason', () => {
  const docker = 'tcp LISTEN 0 4096 0.0.0.0:80 0.0.0.0:* users:(("docker-proxy",pid=9,fd=4))';
  const apache = 'tcp LISTEN 0 511 *:80 *:* users:(("apache2",pid=9,fd=4))';
  const shop = nginx({
    'sites-enabled/shop': 'server {\n listen 80; server_name shop.test .wild.test attic.lan; }',
  });
  it.each([
    [{ blog: {}, wiki: {} }, machine(), 'collision: whoever asks by address'],
    [
      { blog: { domain: 'a.test' }, wiki: { domain: 'b.test', aliases: ['A.test'] } },
      machine(),
      'collision: a.test',
    ],
    [
      { blog: { domain: 'shop.test' } },
      shop,
      'already serves shop.test on port 80: /etc/nginx/sites-enabled/shop, line 1',
    ],
    [{ blog: { domain: 'wild.test' } }, shop, 'already serves wild.test'],
    [{ blog: {} }, shop, 'already serves attic.lan'],
    [{ blog: {} }, machine({ sockets: [apache] }), 'Port 80 is taken on the host: apache2 listens there'],
    [{ blog: {} }, machine({ sockets: [docker] }), 'a container of Docker listens there'],
    [{ html: {} }, machine(), 'cannot be called ‘html’'],
    [
      { blog: {} },
      machine({ nginx: { ...nginxWith({}), readsConfD: false, readsSitesEnabled: false } }),
      'reads neither',
    ],
  ])('%j', (roles, facts, message) => {
    expect(() => sites(roles, facts)).toThrow(message);
  });

  it('a name that a site of a lost role has, and how to take that off', () => {
    const old = { 'conf.d/zz-hostwright-old.conf': 'server { listen 80; server_name blog.test; }' };
    const written = ['/etc/nginx/conf.d/zz-hostwright-old.conf'];
    const facts = machine({ nginx: { ...nginxWith(old), written } });
    expect(() => sites({ blog: { domain: 'blog.test' } }, facts)).toThrow(
      expect.objectContaining({
        problems: [expect.objectContaining({ hint: expect.stringContaining('hostwright remove old') })],
      }),
    );
  });

  it('but a port that nginx itself holds is no obstacle, nor the same name on another port', () => {
    const socket = 'tcp LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=9,fd=4))';
    expect(server({}, machine({ sockets: [socket], nginx: nginxWith({}) })).names).toEqual(['_']);
    expect(server({ domain: 'shop.test', port: 81 }, shop).names).toEqual(['shop.test']);
  });
});

it('says the same when it looks at what it made, beside whatever else there is', () => {
  const listen = fc.constantFrom(
    '80',
    '80 default_server',
    '[::]:80',
    '[::]:80 default_server',
    '192.168.1.20:80',
    '8080',
    '[::]:80 ipv6only=off',
  );
  const foreign = fc.uniqueArray(
    fc.tuple(
      fc.constantFrom('conf.d/a.conf', 'conf.d/zzz.conf', 'sites-enabled/shop'),
      fc.uniqueArray(listen, { maxLength: 2 }),
    ),
    { selector: ([path]) => path },
  );
  const role = fc.record({
    domain: fc.option(fc.constantFrom('a.test', 'b.test'), { nil: undefined }),
    port: fc.constantFrom(80, 8080),
    expose: fc.constantFrom('host', 'lan', 'internet'),
  });
  fc.assert(
    fc.property(
      foreign,
      fc.boolean(),
      fc.boolean(),
      fc.array(role, { minLength: 1, maxLength: 3 }),
      (files, stock, installed, roles) => {
        const theirs = Object.fromEntries(
          files.map(([path, listens]) => [
            path,
            `server { ${listens.map((l) => `listen ${l};`).join(' ')} server_name shop.test; }`,
          ]),
        );
        const named = Object.fromEntries(
          roles.map(({ domain, ...rest }, index) => [
            `site${index}`,
            { ...rest, ...(domain ? { domain } : {}) } as SiteRole,
          ]),
        );
        let first: ReturnType<typeof sites>;
        try {
          first = sites(named, installed ? nginx(theirs, { stock }) : machine());
        } catch {
          return; // collisions have tests of their own
        }
        const ours = Object.fromEntries(
          first.configs.map(({ path, content }) => [path.replace('/etc/nginx/', ''), content]),
        );
        const stays = !first.ids.includes(LINK) && (stock || !installed);
        const after = nginx({ ...(installed ? theirs : {}), ...ours }, { stock: stays });
        const second = sites(named, after);
        expect(second.configs.map(({ path, content }) => [path, content])).toEqual(
          first.configs.map(({ path, content }) => [path, content]),
        );
        // No address has two servers that are marked as its default: nginx would refuse.
        const marked = after.nginx.servers.flatMap(({ listens }) =>
          listens.filter((l) => l.defaultServer).map(({ address, port }) => `${address}:${port}`),
        );
        const before = installed
          ? nginx(theirs, { stock }).nginx.servers.flatMap(({ listens }) => listens)
          : [];
        const twice = marked.filter((place, index) => marked.indexOf(place) !== index);
        const theirOwn = twice.filter(
          (place) => before.filter((l) => l.defaultServer && `${l.address}:${l.port}` === place).length > 1,
        );
        expect(twice.length).toBe(theirOwn.length);
      },
    ),
    { numRuns: 100 },
  );
});
