import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { builtInCatalogue } from '../../src/compose/catalogue.ts';
import { compose } from '../../src/compose/compose.ts';
import type { Authority } from '../../src/compose/recipe.ts';
import { choose, mayBePublic } from '../../src/compose/tls/choose.ts';
import { makePlace } from '../host/load-text.ts';
import { factsOf } from '../recipes/cases.ts';

/** What a host file with these roles comes to. */
async function composed(
  roles: Readonly<Record<string, object>>,
  machine = 'bare-bookworm',
  authorities?: Readonly<Record<string, Authority>>,
) {
  await using place = await makePlace();
  const host = await place.load(stringify({ host: 'attic', roles }), {
    recipes: builtInCatalogue(),
    connect: 'lab',
  });
  const { resources, endpoints, notes } = compose(host, factsOf(machine), {
    closeUnlisted: false,
    ...(authorities ? { authorities } : {}),
  });
  return {
    ids: resources.map(({ resource }) => resource.id),
    endpoints: endpoints.map(({ role, name, port, protocol }) => `${role} ${name} ${port}/${protocol}`),
    notes: notes.map(({ role, text }) => `${role}: ${text}`),
    content: (path: string) => {
      const found = resources.find(({ resource }) => resource.id === `file:${path}`);
      return (found?.resource.spec as { content?: string } | undefined)?.content ?? '';
    },
  };
}

const SITE = { recipe: 'site', root: '/srv/www' };
const PUBLIC = { ...SITE, domain: 'blog.lauterbach.de', expose: 'internet' };

describe('where a certificate comes from', () => {
  it.each([
    ['internet', ['blog.lauterbach.de'], 'acme'],
    ['lan', ['blog.lauterbach.de'], 'none'],
    ['internet', [], 'none'],
    ['internet', ['blog.home.arpa'], 'none'],
    ['internet', ['blog.lauterbach.de', 'attic.local'], 'none'],
    ['internet', ['blog.example.org'], 'none'],
  ] as const)('is, for a role for the %s with the names %j, by itself %s', (expose, names, source) => {
    expect(choose({ tls: 'auto', expose, names, web: true }).source).toBe(source);
    expect(choose({ tls: 'auto', expose, names, web: true, usualPort: false }).source).toBe('none');
    expect(choose({ tls: 'auto', expose, names, web: false }).source).toBe('self-signed');
  });

  it('is told, and why', async () => {
    const { notes, ids, endpoints } = await composed({ blog: PUBLIC });
    expect(notes.join()).toContain('certificate of Let’s Encrypt (tls: auto)');
    expect(ids).toContain('certificate:blog');
    expect(endpoints).toEqual(['blog http 80/tcp', 'blog https 443/tcp']);
  });

  it('is no public authority for names that only a network at home knows', () => {
    expect(['a.lan', 'attic', 'x.local', 'y.home.arpa', 'z.test'].filter(mayBePublic)).toEqual([]);
    expect(['lauterbach.de', '*.lauterbach.de', 'blog.example.org'].filter(mayBePublic)).toHaveLength(3);
  });
});

describe('a certificate of an authority', () => {
  const SERVER = { server: '192.0.2.53', key: 'acme-key' };

  it.each([
    [{ ...SITE, domain: 'blog.lauterbach.de', tls: 'letsencrypt' }, /port 80 from the internet[\s\S]*by DNS/],
    [{ ...SITE, expose: 'internet', tls: 'letsencrypt' }, /no name that a certificate[\s\S]*domain/],
    [{ ...SITE, expose: 'internet', domain: 'a.lan', tls: 'letsencrypt' }, /no name such as a\.lan/],
    [
      { ...PUBLIC, tls: { acme: 'letsencrypt', names: ['*.lauterbach.de'] } },
      /\*\.lauterbach\.de: that takes a proof by DNS/,
    ],
    [
      {
        recipe: 'ftp',
        users: [{ name: 'anna' }],
        expose: 'internet',
        publicAddress: 'ftp.lauterbach.de',
        tls: 'letsencrypt',
      },
      /no role of this host has nginx serve/,
    ],
  ])('is refused where it cannot be had: %j', async (role, message) => {
    await expect(composed({ blog: role })).rejects.toThrow(message);
  });

  it('is had for the LAN by DNS, and of an authority of one’s own by either', async () => {
    for (const tls of [
      { acme: 'letsencrypt', challenge: SERVER },
      { acme: 'letsencrypt', challenge: { hook: '/usr/local/bin/dns' }, names: ['*.lauterbach.de'] },
      { acme: 'https://ca.home.arpa/acme/directory' },
    ]) {
      const { ids } = await composed({ blog: { ...SITE, domain: 'blog.lauterbach.de', tls } });
      expect(ids).toContain('certificate:blog');
    }
  });

  it('is had for any name of whoever stands in for Let’s Encrypt', async () => {
    const standIn = { letsencrypt: { directory: 'https://ca.lab/dir', root: 'PEM' } };
    const role = { ...SITE, expose: 'internet', domain: 'blog.lan', tls: 'letsencrypt' };
    expect((await composed({ blog: role }, 'bare-bookworm', standIn)).ids).toContain('certificate:blog');
  });

  it('is proven on port 80 for a service beside a site, which is asked by nobody’s list', async () => {
    const { endpoints, content } = await composed({
      blog: { ...SITE, domain: 'blog.home.arpa' },
      files: {
        recipe: 'ftp',
        users: [{ name: 'anna' }],
        expose: 'internet',
        publicAddress: 'ftp.lauterbach.de',
        tls: 'letsencrypt',
      },
    });
    expect(endpoints).toContain('files acme 80/tcp');
    expect(content('/etc/nginx/conf.d/files.conf')).toMatch(
      /server_name ftp\.lauterbach\.de;[\s\S]*acme-challenge\/ \{\n\s+alias \/var\/lib\/hostwright-agent\/http-01\/;/,
    );
    const blog = content('/etc/nginx/conf.d/blog.conf');
    expect(blog).toMatch(/acme-challenge\/ \{[^}]*allow all;[^}]*auth_basic off;/);
    // The port is open to the internet now, and the site is not for it.
    expect(blog).toContain('deny all;');
  });
});
