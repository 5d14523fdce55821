import { describe, expect, it } from 'vitest';
import { directives, machine, nginxWith, sites } from './context.ts';

const config = (...given: Parameters<typeof sites>) => sites(...given).configs.at(-1)?.content ?? '';
const golden = (name: string): string => new URL(`./golden/${name}.conf`, import.meta.url).pathname;

describe('the configuration of a site', () => {
  it('without a domain', async () => {
    await expect(config({ blog: {} })).toMatchFileSnapshot(golden('plain'));
  });

  it('with names, a page for what is missing, and a port shared with more public sites', async () => {
    const roles = {
      wiki: { domain: 'wiki.example.org', aliases: ['w.example.org'] },
      open: { domain: 'o.test', expose: 'internet' as const },
    };
    const [guarded] = sites(roles, machine(), { 'index.html': 'x', '404.html': 'y' }).configs;
    await expect(guarded?.content).toMatchFileSnapshot(golden('named'));
  });

  it('of a single-page application on a port of its own', async () => {
    await expect(config({ 'my-app': { port: 8080, spa: true } })).toMatchFileSnapshot(golden('spa'));
  });

  it('sets no header inside a location, where it would undo all others', () => {
    for (const spa of [true, false])
      expect(config({ blog: { spa } }, machine(), { 'index.html': 'x', '404.html': 'y' })).not.toMatch(
        /location[^}]*add_header/,
      );
  });

  it('gives each site a variable of its own', () => {
    const all = sites({ a: { domain: 'a.test' }, 'a-b': { domain: 'b.test' } }).configs;
    const variables = all.map(({ content }) => directives(content, 'add_header').at(-1));
    expect(variables).toEqual(['Cache-Control $hostwright_a_cache', 'Cache-Control $hostwright_a_b_cache']);
  });
});

describe('long names', () => {
  const long = `${'a'.repeat(60)}.example.org`;
  const table = 'file:/etc/nginx/conf.d/hostwright-http.conf';

  it('get a larger table, once for all sites, and still when it is there', () => {
    const roles = { a: { domain: long }, b: { domain: 'b.test' } };
    expect(sites(roles).ids.filter((id) => id === table)).toHaveLength(1);
    const again = nginxWith({ 'conf.d/hostwright-http.conf': 'server_names_hash_bucket_size 512;' });
    expect(sites(roles, machine({ nginx: again })).ids).toContain(table);
    expect(sites({ b: { domain: 'b.test' } }).ids).not.toContain(table);
  });

  it('use the table that somebody set up', () => {
    const nginx = nginxWith({ 'conf.d/own.conf': 'server_names_hash_bucket_size 128;' });
    expect(sites({ a: { domain: long } }, machine({ nginx })).ids).not.toContain(table);
  });
});

describe('the proof of a site', () => {
  const prove = (files: Record<string, string>, role = {}) =>
    sites({ blog: role }, machine(), files).endpoints[0]?.prove?.with;

  it('is its front page by name', () => {
    expect(prove({ 'index.html': 'hello' }, { domain: 'blog.test' })).toEqual({
      hostname: 'blog.test',
      path: '/',
      status: 200,
      sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    });
  });

  it('is another page where there is none, and an honest error where there is nothing', () => {
    expect(prove({ '404.html': 'x', 'a b.txt': 'x', 'docs/x.txt': 'x' })).toMatchObject({
      hostname: 'attic',
      path: '/docs/x.txt',
    });
    expect(prove({})).toEqual({ hostname: 'attic', path: '/', status: 403 });
    expect(prove({ '404.html': 'x' })).toMatchObject({ path: '/', status: 404 });
  });

  it('comes with a word about what had better not be there', () => {
    expect(
      sites({ blog: {} }, machine(), { '.git/config': 'x', '.env': 'x', '.well-known/a': 'x' }).notes,
    ).toEqual([
      'warning: ./public has no index.html: the site has no front page.',
      'warning: ./public holds .git/config and 1 more: uploaded with the rest, but not served. Better keep it elsewhere.',
    ]);
  });
});

it.each([
  [{ aliases: ['a.test'] }, 'the site has none: add domain'],
  [{ domain: 'not a domain' }, 'it holds a space'],
  [{ port: 0 }, 'the lowest is 1'],
  [{ sourse: './x' }, 'sourse'],
])('refuses %j', (role, message) => {
  expect(() => sites({ blog: role })).toThrow(message);
});
