import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../src/facts/facts.ts';
import type { Directive } from '../../../src/facts/nginx/tokens.ts';
import { parseConfig } from '../../../src/facts/nginx/tokens.ts';
import { machine, nginxWith, type SiteRole, sites } from '../../recipes/site/context.ts';

const FRONT = '/etc/nginx/conf.d/00-hostwright-https.conf';
const TLS = { tls: 'self-signed' } as const;
const ACME = { tls: { acme: 'https://ca.home.arpa/dir' }, domain: 'blog.test' } as const;

/** A machine whose nginx has these files. */
function withNginx(version: string, files: Record<string, string> = {}): Facts {
  return machine({ nginx: { ...nginxWith(files, { installed: files !== undefined }), version } });
}
const OLD = withNginx('1.22.1');
const NEW = withNginx('1.26.3');

/** The servers of a file: what each says, by directive. */
function servers(content: string): readonly ((name: string) => readonly string[])[] {
  const { directives, complete } = parseConfig(content);
  expect(complete, content).toBe(true);
  return directives
    .filter(({ name }) => name === 'server')
    .map(
      ({ block = [] }: Directive) =>
        (name: string) =>
          block.filter((one) => one.name === name).map(({ args }) => args.join(' ')),
    );
}

function configsOf(roles: Readonly<Record<string, SiteRole>>, facts: Facts) {
  const { configs, notes, endpoints } = sites(roles, facts);
  const of = (path: string) => configs.find((config) => config.path === path)?.content;
  return {
    configs,
    notes,
    endpoints,
    front: of(FRONT),
    role: (name: string) => of(`/etc/nginx/conf.d/${name}.conf`) ?? '',
  };
}

describe('a role with TLS', () => {
  it('leads from 80 to 443, where it is served with HTTP/2 in the words of its nginx', () => {
    for (const [facts, listen, http2] of [
      [OLD, ['443 ssl http2', '[::]:443 ssl http2'], []],
      [NEW, ['443 ssl', '[::]:443 ssl', '443 quic', '[::]:443 quic'], ['on']],
    ] as const) {
      const { role, endpoints } = configsOf({ blog: { ...TLS, domain: 'blog.test' } }, facts);
      const [led, served] = servers(role('blog'));
      expect(led?.('listen')).toEqual(['80', '[::]:80']);
      expect(led?.('location')).toEqual(['/']);
      expect(role('blog')).toContain('return 308 https://$host$request_uri;');
      expect([served?.('listen'), served?.('http2')]).toEqual([listen, http2]);
      expect(served?.('ssl_protocols')).toEqual(['TLSv1.2 TLSv1.3']);
      expect(served?.('add_header').some((header) => header.startsWith('Strict-Transport-Security'))).toBe(
        false,
      );
      expect(served?.('add_header').some((header) => header.startsWith('Alt-Svc'))).toBe(facts === NEW);
      expect(endpoints.map(({ name }) => name)).toEqual([
        'http',
        'https',
        ...(facts === NEW ? ['http3'] : []),
      ]);
    }
  });

  it('is the default one for whoever asks by address, on all of its sockets', () => {
    const [led, served] = servers(configsOf({ blog: TLS }, NEW).role('blog'));
    expect(led?.('listen')).toEqual(['80 default_server', '[::]:80 default_server']);
    expect(served?.('listen')).toEqual([
      '443 ssl default_server',
      '[::]:443 ssl default_server',
      '443 quic default_server',
      '[::]:443 quic default_server',
    ]);
  });

  it('has another port for https alone, and 80 only to prove its name', () => {
    const { role, endpoints, front } = configsOf({ blog: { ...TLS, port: 8443 } }, NEW);
    expect(servers(role('blog'))).toHaveLength(1);
    expect(endpoints.map(({ name, port }) => `${name} ${port}`)).toEqual(['https 8443']);
    expect(front).toBeUndefined();
    const proven = configsOf({ blog: { ...ACME, port: 8443 } }, NEW);
    expect(proven.endpoints.map(({ name, port }) => `${name} ${port}`)).toEqual(['http 80', 'https 8443']);
    expect(proven.role('blog')).toContain('return 308 https://$host:8443$request_uri;');
    expect(proven.role('blog')).not.toContain('Strict-Transport-Security');
  });

  it('tells browsers to insist on it where an authority that they know vouches for it', () => {
    expect(configsOf({ blog: ACME }, OLD).role('blog')).toContain(
      'add_header Strict-Transport-Security "max-age=31536000" always;',
    );
    const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const own = { ...ACME, tls: { ...ACME.tls, root: pem } };
    expect(configsOf({ blog: own }, OLD).role('blog')).not.toContain('Strict-Transport-Security');
  });
});

describe('proofs of names', () => {
  it('are shown by every server on port 80 before anything else, once some role has them', () => {
    const roles = { plain: { domain: 'plain.test' }, blog: ACME, far: { port: 8080 } };
    const { role } = configsOf(roles, OLD);
    const challenge =
      'location ^~ /.well-known/acme-challenge/ {\n        alias /var/lib/hostwright-agent/http-01/;';
    expect(
      [role('plain'), role('blog'), role('far')].map((text) => text.split(challenge).length - 1),
    ).toEqual([1, 1, 0]);
    expect(configsOf({ plain: {} }, OLD).role('plain')).not.toContain('acme-challenge');
  });
});

it('further names of a certificate are answered for on port 80, unless another role has them', () => {
  const tls = { ...ACME.tls, names: ['shop.test', 'mail.test'] };
  const { role } = configsOf({ blog: { ...ACME, tls }, shop: { domain: 'shop.test' } }, OLD);
  expect(servers(role('blog')).map((of) => of('server_name'))).toEqual([
    ['blog.test mail.test'],
    ['blog.test'],
  ]);
});

describe('what roles with TLS share', () => {
  it('turns away whoever asks for nobody’s name, and opens the sockets of HTTP/3, the same from each role', () => {
    const roles = { blog: { ...TLS, domain: 'blog.test' }, wiki: { ...TLS, domain: 'wiki.test' }, all: TLS };
    const { front = '', configs } = configsOf(roles, NEW);
    const [nobody] = servers(front);
    expect(nobody?.('listen')).toEqual([
      '443 ssl',
      '[::]:443 ssl',
      '443 quic reuseport',
      '[::]:443 quic reuseport',
    ]);
    expect(nobody?.('ssl_reject_handshake')).toEqual(['on']);
    expect(configs.filter(({ path }) => path === FRONT)).toHaveLength(1);
    expect(servers(configsOf(roles, OLD).front ?? '')[0]?.('listen')).toEqual(['443 ssl', '[::]:443 ssl']);
  });

  it('is nothing for a role of the host alone, whose sockets are its own', () => {
    const { front, role } = configsOf({ blog: { ...TLS, expose: 'host' } }, NEW);
    expect(front).toBeUndefined();
    expect(servers(role('blog'))[1]?.('listen')).toEqual([
      '127.0.0.1:443 ssl default_server',
      '[::1]:443 ssl default_server',
      '127.0.0.1:443 quic default_server reuseport',
      '[::1]:443 quic default_server reuseport',
    ]);
  });

  it('goes when no role needs it any more', () => {
    const left = { 'conf.d/00-hostwright-https.conf': 'server { listen 443 ssl; ssl_reject_handshake on; }' };
    expect(configsOf({ blog: {} }, withNginx('1.22.1', left)).front).toMatch(/^#.*\n$/);
    expect(configsOf({ blog: {} }, OLD).front).toBeUndefined();
  });
});

describe('beside a site of somebody else on 443', () => {
  const shop = (listen: string) => ({ 'sites-enabled/shop': `server { ${listen} server_name shop.test; }` });
  const blog = { blog: { ...TLS, domain: 'blog.test' } };

  it('nothing of it changes: neither who is the default, nor HTTP/2', () => {
    const facts = withNginx('1.22.1', shop('listen 443 ssl; listen [::]:443 ssl;'));
    const { front, configs } = configsOf(blog, facts);
    expect(front).toBeUndefined();
    expect(configs.map(({ path }) => path)).toEqual(['/etc/nginx/sites-enabled/zz-hostwright-blog.conf']);
    expect(servers(configs[0]?.content ?? '')[1]?.('listen')).toEqual(['443 ssl', '[::]:443 ssl']);
  });

  it('HTTP/3 gets its sockets, unless they are there', () => {
    const facts = withNginx('1.26.3', shop('listen 443 ssl; listen [::]:443 ssl;'));
    expect(servers(configsOf(blog, facts).front ?? '')[0]?.('listen')).toEqual([
      '443 quic reuseport',
      '[::]:443 quic reuseport',
    ]);
    const theirs = withNginx(
      '1.26.3',
      shop('listen 443 ssl; listen [::]:443 ssl; listen 443 quic reuseport;'),
    );
    expect(configsOf(blog, theirs).front).toBeUndefined();
  });

  it('without TLS there is no way: every server on the port would speak it', () => {
    expect(() => configsOf(blog, withNginx('1.26.3', shop('listen 443;')))).toThrow(
      /without TLS there: .*shop, line 1/,
    );
  });
});
