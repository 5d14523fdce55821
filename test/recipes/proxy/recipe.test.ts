import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import recipe from '../../../recipes/proxy/recipe.ts';
import site from '../../../recipes/site/recipe.ts';
import { compose } from '../../../src/compose/compose.ts';
import type { Exposure, Recipe } from '../../../src/compose/recipe.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import type { Host } from '../../../src/host/host.ts';
import { Secret } from '../../../src/secrets/secret.ts';
import { agentFolder } from '../../fixtures/agent-folder.ts';
import { directives, folderOf, machine, nginxWith } from '../site/context.ts';

const TEMPLATES = ['proxy/server.conf', 'proxy/htpasswd', 'site/server.conf'];

interface Given {
  readonly expose?: Exposure;
  readonly [input: string]: unknown;
}

/** What a host with these proxies, and a site `blog` on port 8080, comes to. */
function proxies(roles: Readonly<Record<string, Given>>, facts: Facts = machine()) {
  const role = (definition: Recipe, name: string, { expose = 'lan', ...input }: Given) => ({
    name,
    recipe: definition === (site as unknown) ? 'site' : 'proxy',
    definition,
    expose,
    input: definition.inputs.parse(input),
    at: () => ({ file: 'host.yaml', line: 1 }),
  });
  const host: Host = {
    file: 'host.yaml',
    directory: '/home/me',
    name: 'attic',
    connect: { kind: 'lab' } as Host['connect'],
    network: { lan: [] },
    roles: [
      role(site as unknown as Recipe, 'blog', { port: 8080 }),
      ...Object.entries(roles).map(([name, given]) => role(recipe as unknown as Recipe, name, given)),
    ],
    folders: new Map([['./public', folderOf()], agentFolder]),
    templates: new Map(
      TEMPLATES.map((name) => [
        name,
        readFileSync(new URL(`../../../templates/${name}.hbs`, import.meta.url), 'utf8'),
      ]),
    ),
  };
  const { resources, notes } = compose(host, facts, { closeUnlisted: false });
  const content = (path: string): string => {
    const found = resources.find(({ resource }) => resource.id === `file:${path}`);
    const text = (found?.resource.spec as { content?: string | Secret } | undefined)?.content;
    return text instanceof Secret ? text.reveal() : (text ?? '');
  };
  return {
    config: (name: string) => content(`/etc/nginx/conf.d/${name}.conf`),
    content,
    ids: resources.map(({ resource }) => resource.id),
    notes: notes.map(({ text }) => text),
  };
}

const one = (given: Given, facts?: Facts) => proxies({ app: given }, facts).config('app');
const APP = 'http://192.168.1.30:8096';

describe('where requests go', () => {
  it('is a role by its name, asked as what leads to it on a port that several share', () => {
    const config = one({ to: 'blog' });
    expect(config).toContain('server 127.0.0.1:8080;');
    expect(directives(config, 'proxy_set_header')).toContain('Host attic');
  });

  it('is several servers, of which a POST that was sent goes to one only', () => {
    const config = one({ to: [APP, 'http://[fd00::31]:8096'] });
    expect(config).toContain('server [fd00::31]:8096 max_fails=2 fail_timeout=10s;');
    expect(directives(config, 'proxy_next_upstream')).toEqual([
      'error timeout invalid_header http_502 http_503 http_504',
    ]);
  });

  it('is a name that is looked up while nginx runs', () => {
    const facts = machine();
    const resolver = { ...facts.network.resolver, nameservers: ['192.168.1.1', 'fd00::1'] };
    const known = { ...facts, network: { ...facts.network, resolver } };
    const config = one({ to: 'https://app.example.org' }, known);
    expect(directives(config, 'resolver')).toEqual(['192.168.1.1 [fd00::1] valid=30s']);
    expect(config).toContain('proxy_pass https://$hostwright_app_host:443;');
    expect(directives(config, 'proxy_ssl_verify')).toEqual(['on']);
    expect(() => one({ to: 'https://app.example.org' })).toThrow('no name server');
  });

  it('is not checked by certificate at an address, and the plan says so', () => {
    expect(proxies({ app: { to: 'https://192.168.1.30:8006' } }).notes).toEqual([
      expect.stringContaining('nobody checks whose certificate'),
    ]);
  });

  it('is asked by no name of ours where it is an address: nobody has a certificate for that', () => {
    const config = one({ to: 'https://192.168.1.30:8006' });
    expect(directives(config, 'proxy_ssl_protocols')).toEqual(['TLSv1.2 TLSv1.3']);
    expect(directives(config, 'proxy_ssl_server_name')).toEqual([]);
    const named = one({ to: 'https://192.168.1.30:8006', hostHeader: 'nas.example.org' });
    expect(directives(named, 'proxy_ssl_name')).toEqual(['nas.example.org']);
    expect(directives(named, 'proxy_set_header')).toContain('Host nas.example.org');
  });

  it('is a name of the neighbourhood that a name server may not know, as the plan warns', () => {
    const facts = machine();
    const resolver = { ...facts.network.resolver, nameservers: ['fe80::1', '192.168.1.1'] };
    const known = { ...facts, network: { ...facts.network, resolver } };
    const { notes, config } = proxies({ app: { to: 'http://nas.local:8096' } }, known);
    expect(notes).toEqual([expect.stringContaining('neither /etc/hosts nor the machines around')]);
    expect(directives(config('app'), 'resolver')).toEqual(['192.168.1.1 valid=30s']);
    expect(proxies({ app: { to: 'http://nas.example.org' } }, known).notes).toEqual([]);
  });

  it.each(['http://127.0.0.1', 'http://localhost:80', 'http://192.168.1.20', 'http://[FD00::20]:80'])(
    'is not %s, which leads back to where it comes from',
    (to) => {
      expect(() => one({ to, domain: 'app.test' })).toThrow('pass requests on to itself');
      expect(one({ to, port: 8000 })).toContain('listen 8000');
      expect(one({ to, domain: 'app.test', hostHeader: 'other.test' })).toContain('Host other.test;');
    },
  );

  it('speaks HTTP/2 for gRPC, in the words of each nginx', () => {
    const given = { to: 'grpc://192.168.1.30:9000', port: 50_051 };
    const old = machine({ nginx: nginxWith({}) });
    const with126 = { ...old, nginx: { ...old.nginx, version: '1.26.3' } };
    expect(directives(one(given, old), 'listen')[0]).toBe('50051 default_server http2');
    expect(directives(one(given, with126), 'listen')[0]).toBe('50051 default_server');
    expect(directives(one(given, with126), 'http2')).toEqual(['on']);
  });

  it.each([
    ['blag', 'Did you mean "blog"?'],
    ['app', 'pass requests on to itself'],
    [['http://one.lan', APP], 'one.lan is a name'],
    ['ftp://192.168.1.30', 'begins with ftp://'],
    ['192.168.1.30:80', 'neither an address such as'],
    [`${APP}/path`, 'leave out what follows'],
    ['http://192.168.1.30:99999', 'a port is a number'],
    [[APP, 'https://192.168.1.31'], 'spoken to in the same way'],
  ])('refuses %j', (to, message) => {
    expect(() => one({ to })).toThrow(expect.objectContaining({ message: expect.stringContaining(message) }));
  });
});

describe('who may come in', () => {
  it('is who is in the list, and of those only whom the exposure means where the port is open to more', () => {
    expect(directives(one({ to: APP, allow: ['192.168.1.64/26', '10.0.0.0/8'] }), 'allow')).toEqual([
      ...['127.0.0.0/8', '::1/128', '192.168.1.64/26', '10.0.0.0/8'],
    ]);
    const roles = {
      app: { to: APP, domain: 'a.test', allow: ['192.168.1.64/26', '10.0.0.0/8'] },
      open: { to: APP, domain: 'o.test', expose: 'internet' as const },
    };
    expect(directives(proxies(roles).config('app'), 'allow')).toEqual([
      ...['127.0.0.0/8', '::1/128', '192.168.1.64/26'],
    ]);
  });

  it('is who has a password, of which the host gets a verifier in a form that the C library knows', () => {
    const { ids, content } = proxies({ app: { to: APP, auth: ['anna', 'ben'] } });
    expect(ids).toContain('file:/etc/nginx/hostwright-app.htpasswd');
    expect(content('/etc/nginx/hostwright-app.htpasswd')).toMatch(
      /^# .*\nanna:\$7\$8\S{65,}\nben:\$7\$8\S{65,}\n$/,
    );
  });
});

it('keeps answers apart that the application may give to one visitor only', () => {
  const key = (given: Given): string | undefined =>
    /proxy_cache_key (.*);/.exec(one({ to: APP, cache: {}, ...given }))?.[1];
  expect(key({})).toBe('"$scheme://$http_host$request_uri"');
  const trusting = { auth: ['anna'], trust: ['192.168.1.2/32'] };
  expect(key(trusting)).toBe('"$remote_user $hostwright_app_scheme://$http_host$request_uri"');
});

it('believes the proxies in front of it, and nobody else', () => {
  const config = one({ to: APP, trust: ['192.168.1.2/32', 'fd00::2/128'] });
  expect(directives(config, 'set_real_ip_from')).toEqual(['192.168.1.2/32', 'fd00::2/128']);
  expect(directives(config, 'proxy_set_header')).toContain('X-Forwarded-Proto $hostwright_app_scheme');
  expect(directives(one({ to: APP }), 'set_real_ip_from')).toEqual([]);
});

it('limits requests and uploads as it is told', () => {
  const config = one({ to: APP, limit: { perSecond: 5 }, uploadMiB: 0, streamUploads: true });
  expect(config).toContain('limit_req_zone $binary_remote_addr zone=hostwright_app_rate:1m rate=5r/s;');
  expect(directives(config, 'limit_req')).toEqual(['zone=hostwright_app_rate burst=50 nodelay']);
  expect(directives(config, 'client_max_body_size')).toEqual(['0']);
  expect(directives(config, 'proxy_request_buffering')).toEqual(['off']);
});

it('is confined where nginx serves nothing else, and the plan says so where it does', () => {
  const dropIn = 'file:/etc/systemd/system/nginx.service.d/hostwright.conf';
  expect(proxies({ app: { to: APP } }).ids).toContain(dropIn);
  const other = { 'sites-enabled/shop': 'server { listen 8443; server_name shop.test; root /home/shop; }' };
  const beside = proxies({ app: { to: APP } }, machine({ nginx: nginxWith(other) }));
  expect(beside.ids).not.toContain(dropIn);
  expect(beside.notes).toContainEqual(expect.stringContaining('not narrowed down'));
});

it('keeps no answer that is for one person, and passes Upgrade on for WebSockets alone', () => {
  const config = one({ to: APP, cache: {} });
  expect(config).toContain('map "$http_cookie$http_authorization" $hostwright_app_personal');
  expect(config).toMatch(
    /map \$http_upgrade \$hostwright_app_upgrade {\n {4}"~\*\^websocket\$" websocket;\n {4}default "";/,
  );
});
