import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readServers } from '../../src/facts/nginx/servers.ts';
import { parseConfig } from '../../src/facts/nginx/tokens.ts';
import { fact, type Nginx } from '../../src/facts/probes/nginx.ts';

const DEBIAN = `user www-data;
include /etc/nginx/modules-enabled/*.conf;
events { worker_connections 768; }
http {
	sendfile on; # include /etc/nginx/nowhere.conf;
	include /etc/nginx/mime.types;
	gzip on;
	include /etc/nginx/conf.d/*.conf;
	include /etc/nginx/sites-enabled/*;
}
`;

describe('reading nginx’s syntax', () => {
  it('splits words, quotes, comments and blocks', () => {
    const { directives, complete } = parseConfig(
      `a "b;{ c" 'd\\'e' f#g; # h;\nlocation ~ \\.php$ { x \${y}z; }\nadd_header X "a \\"b\\" \\d";`,
    );
    expect(complete).toBe(true);
    expect(directives).toMatchObject([
      { name: 'a', args: ['b;{ c', "d'e", 'f#g'], line: 1 },
      { name: 'location', args: ['~', '\\.php$'], line: 2, block: [{ name: 'x', args: ['${y}z'] }] },
      { name: 'add_header', args: ['X', 'a "b" \\d'], line: 3 },
    ]);
  });

  it.each(['http {', 'a "b;', '}', 'a b', '{ a; }', 'a b }'])('knows that %s is not whole', (text) => {
    expect(parseConfig(text).complete).toBe(false);
  });

  it('never throws and never hangs', () => {
    const unit = fc.constantFrom(...'ab ;{}"\'\\$#\n*[]/?!-');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), fc.string({ unit, maxLength: 20 }), (text, pattern) => {
        parseConfig(text);
        const files = new Map([
          ['/etc/nginx/nginx.conf', `http { include "${pattern.replaceAll(/["\\]/g, '')}"; ${text} }`],
          ['/etc/nginx/a', text],
        ]);
        expect(readServers(files).servers.length).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('finding the servers', () => {
  const read = (files: Record<string, string>) =>
    readServers(new Map(Object.entries({ '/etc/nginx/nginx.conf': DEBIAN, ...files })));

  it('follows includes in nginx’s order, into server blocks too', () => {
    const { servers, complete } = read({
      '/etc/nginx/sites-enabled/b': 'server { server_name B.test b2.test; include snippets/l.conf; }',
      '/etc/nginx/sites-enabled/a': 'server { listen 80; }\nserver { listen 443 ssl; server_name ""; }',
      '/etc/nginx/sites-enabled/.hidden': 'server { listen 99; }',
      '/etc/nginx/conf.d/z.conf': 'server { listen 8080; }',
      '/etc/nginx/conf.d/z.conf.off': 'server { listen 98; }',
      '/etc/nginx/snippets/l.conf': 'listen 81; listen [::]:81;',
    });
    expect(complete).toBe(true);
    expect(
      servers.map(({ file, line, listens }) => [file, line, ...listens.map(({ port }) => port)]),
    ).toEqual([
      ['/etc/nginx/conf.d/z.conf', 1, 8080],
      ['/etc/nginx/sites-enabled/a', 1, 80],
      ['/etc/nginx/sites-enabled/a', 2, 443],
      ['/etc/nginx/sites-enabled/b', 1, 81, 81],
    ]);
    expect(servers.at(-1)?.names).toEqual(['b.test', 'b2.test']);
  });

  it.each([
    ['80', { address: '*', port: 80 }],
    ['*:81 default_server', { address: '*', port: 81, defaultServer: true }],
    ['0.0.0.0:82', { address: '*', port: 82 }],
    ['[::]:83 ipv6only=off', { address: '[::]', port: 83, dualStack: true }],
    ['127.0.0.1', { address: '127.0.0.1', port: 80 }],
    ['[FD00::1]:84 default', { address: '[fd00::1]', port: 84, defaultServer: true }],
    ['attic.lan:85', { address: 'attic.lan', port: 85 }],
    ['unix:/run/x.sock', { address: 'unix:/run/x.sock', port: 0 }],
  ])('understands listen %s', (listen, expected) => {
    const { servers } = read({ '/etc/nginx/conf.d/x.conf': `server { listen ${listen}; }` });
    expect(servers[0]?.listens).toEqual([{ defaultServer: false, dualStack: false, ...expected }]);
  });

  it('takes a server without listen for one on port 80', () => {
    expect(read({ '/etc/nginx/conf.d/x.conf': 'server { }' }).servers[0]?.listens).toMatchObject([
      { address: '*', port: 80 },
    ]);
  });

  it('ignores what is not http, and says when something is missing', () => {
    expect(read({ '/etc/nginx/modules-enabled/s.conf': 'stream { server { listen 53; } }' })).toMatchObject({
      servers: [],
      complete: true,
    });
    expect(read({ '/etc/nginx/conf.d/x.conf': 'include /opt/sites.conf;' }).complete).toBe(false);
    expect(read({ '/etc/nginx/conf.d/x.conf': 'server { listen 80;' }).complete).toBe(false);
    expect(read({ '/etc/nginx/conf.d/x.conf': 'include conf.d/x.conf;' }).complete).toBe(false);
  });
});

describe('the nginx fact', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'hostwright-nginx-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** Runs the real script on a tree of files below `root`. */
  function read(files: Record<string, string>): Nginx {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(root + path), { recursive: true });
      writeFileSync(root + path, text.replaceAll('/etc/nginx', `${root}/etc/nginx`));
    }
    const script = fact.script.text.replaceAll(/\/(?=etc\/nginx|var\/www|usr\/share)/g, `${root}/`);
    const output = execFileSync('dash', ['-c', script], {
      encoding: 'utf8',
      env: { PATH: `${root}/bin:${process.env.PATH}` },
    });
    return fact.parse(output.replaceAll(root, ''));
  }

  it('finds nothing where there is nothing', () => {
    const nothing = {
      configured: false,
      complete: true,
      servers: [],
      stockSite: 'absent',
      readsConfD: false,
    };
    expect(read({})).toMatchObject(nothing);
    expect(fact.parse('')).toMatchObject({ ...nothing, installed: false, version: '' });
  });

  it('reads files that look like its own marks, end without a newline or hold NUL', () => {
    const nginx = read({
      '/etc/nginx/nginx.conf': DEBIAN,
      '/etc/nginx/conf.d/a b.conf': '##file /etc/nginx/evil\nserver { listen 81; server_name a.test; }',
      '/etc/nginx/conf.d/c.conf': '\0server { listen 82;\r\n server_name "c.test"; include "extra.inc"; }',
      '/etc/nginx/extra.inc': 'listen 83;',
    });
    expect(nginx).toMatchObject({
      configured: true,
      complete: true,
      readsConfD: true,
      readsSitesEnabled: true,
    });
    expect(nginx.servers.map(({ names, listens }) => [...names, ...listens.map(({ port }) => port)])).toEqual(
      [
        ['a.test', 81],
        ['c.test', 82, 83],
      ],
    );
    expect(nginx.httpDirectives.map(({ name }) => name)).toContain('gzip');
  });

  it('says so when it could not read everything', () => {
    const files = { '/etc/nginx/nginx.conf': DEBIAN, '/etc/nginx/conf.d/big.conf': '#'.repeat(300_000) };
    expect(read(files).complete).toBe(false);
  });

  it('never takes a changed default site for Debian’s', () => {
    const link = (): void => {
      mkdirSync(join(root, 'etc/nginx/sites-enabled'), { recursive: true });
      symlinkSync(`${root}/etc/nginx/sites-available/default`, join(root, 'etc/nginx/sites-enabled/default'));
    };
    link();
    const site = 'server { listen 80 default_server; }';
    const files = { '/etc/nginx/nginx.conf': DEBIAN, '/etc/nginx/sites-available/default': site };
    expect(read(files)).toMatchObject({ stockSite: 'used' });
    // A dpkg that vouches for the file; its page is the one that the package brought.
    const sum = execFileSync('md5sum', [join(root, 'etc/nginx/sites-available/default')], {
      encoding: 'utf8',
    }).slice(0, 32);
    const page = { '/var/www/html/index.nginx-debian.html': 'hi', '/usr/share/nginx/html/index.html': 'hi' };
    mkdirSync(join(root, 'bin'));
    const dpkg = `#!/bin/sh\necho ' ${root}/etc/nginx/sites-available/default ${sum}'\n`;
    writeFileSync(join(root, 'bin/dpkg-query'), dpkg, { mode: 0o755 });
    expect(read({ ...files, ...page })).toMatchObject({ stockSite: 'stock' });
    expect(read({ '/var/www/html/index.html': 'mine' })).toMatchObject({ stockSite: 'used' });
    rmSync(join(root, 'var/www/html/index.html'));
    expect(read({ '/var/www/html/index.nginx-debian.html': 'mine' })).toMatchObject({ stockSite: 'used' });
    expect(read({ ...page, '/etc/nginx/sites-available/default': `${site} #` })).toMatchObject({
      stockSite: 'used',
    });
    rmSync(join(root, 'etc/nginx/sites-enabled/default'));
    expect(read({})).toMatchObject({ stockSite: 'absent' });
  });
});
