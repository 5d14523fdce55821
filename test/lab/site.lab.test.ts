import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { domain } from '../../src/compose/inputs.ts';
import { UserError } from '../../src/errors.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { joinShell, type Shell, sh } from '../../src/quote.ts';
import { type SiteRole, sites } from '../recipes/site/context.ts';
import { hostwright, summaryOf, type WorkingFolder, workingFolder } from './support/hostwright.ts';
import { releasesOf } from './support/releases.ts';

const LAB = 'site';
const BOX = '192.168.1.20';
const up = (release: 'bookworm' | 'trixie') => labUp({ name: LAB, release, report: () => undefined });
const down = () => labDown({ name: LAB, report: () => undefined });

let folder: WorkingFolder;

async function on(node: 'box' | 'phone', ...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await labCapture({ name: LAB, node, argv });
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${code}\n${stderr}`);
  return stdout;
}

const box = (script: string): Promise<string> => on('box', 'sh', '-euc', script);

interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** What the phone gets; `path` is sent as it is. */
async function get(path: string, ...options: string[]): Promise<Answer> {
  const url = path.startsWith('/') ? `http://${BOX}${path}` : path;
  const output = await on('phone', 'curl', '-sS', '-i', '-g', '--path-as-is', '-m', '10', ...options, url);
  const [head = '', ...rest] = output.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = lines.map(
    (line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)] as const,
  );
  return { status: Number(first.split(' ')[1]), headers: new Map(headers), body: rest.join('\r\n\r\n') };
}

/** The files of a host with these sites; none when they are in each other's way. */
function configsOf(roles: Readonly<Record<string, SiteRole>>) {
  try {
    return sites(roles).configs;
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

const as = (name: string): string[] => ['-H', `Host: ${name}`];

function hostFile(roles: string): void {
  folder.write('host.yaml', `hostwright: 1\nhost: attic\nconnect: { lab: ${LAB} }\nroles:\n${roles}`);
}

async function apply(...options: string[]) {
  const finished = await hostwright(
    ['apply', '--yes', '--no-check', '--take-over', '--json', ...options],
    folder.path,
  );
  const summary = summaryOf(finished);
  expect(summary, finished.stderr).toMatchObject({ failed: 0 });
  return summary;
}

beforeEach(() => {
  folder = workingFolder({
    'public/index.html': '<h1>front</h1>',
    'public/404.html': '<h1>nobody here</h1>',
    'public/about.html': 'about',
    'public/docs/index.html': 'docs',
    'public/style.css': 'a { color: red }\n'.repeat(200),
    'public/app.8c5f2e1a.js': 'go()',
    'public/photo.png': 'not really',
    'public/module.mjs': 'export {}',
    'public/app.webmanifest': '{}',
    'public/.git/config': 'secret',
    'public/.well-known/security.txt': 'mail me',
    'public/notes.txt~': 'secret',
  });
});
afterEach(() => folder.remove());

describe.each(releasesOf('trixie'))('sites on a bare machine with %s', (release) => {
  beforeAll(() => up(release));
  afterAll(down);

  it('are served to the phone as an expert would have them, and stay as they are', async () => {
    hostFile('  blog: { recipe: site }\n');
    await apply();
    expect(await apply()).toMatchObject({ changed: 0, roundTrips: 2 });

    const front = await get('/');
    expect(front).toMatchObject({ status: 200, body: '<h1>front</h1>' });
    expect(Object.fromEntries(front.headers)).toMatchObject({
      server: 'nginx',
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
      'content-security-policy': "frame-ancestors 'self'",
      'referrer-policy': 'strict-origin-when-cross-origin',
    });
    const missing = await get('/missing');
    expect(missing).toMatchObject({ status: 404, body: '<h1>nobody here</h1>' });
    expect(missing.headers.get('x-content-type-options')).toBe('nosniff');
    expect(missing.headers.has('cache-control')).toBe(false);

    for (const path of [
      '/.git/config',
      '/%2egit/config',
      '/docs/../.git/config',
      '/notes.txt~',
      '/404.html',
      '/missing.a1b2c3d4.js',
    ]) {
      expect([path, await get(path)]).toMatchObject([path, { status: 404, body: '<h1>nobody here</h1>' }]);
    }
    expect(await get('/../../../etc/passwd')).toMatchObject({ status: 400 });
    expect((await get('/..%2f..%2f..%2fetc/passwd')).body).not.toContain('root:');
    expect(await get('/.well-known/security.txt')).toMatchObject({ status: 200, body: 'mail me' });
    expect(await get('/about')).toMatchObject({ status: 200, body: 'about' });
    expect((await get('/docs')).headers.get('location')).toBe('/docs/');
    expect(await get('/', '-X', 'POST')).toMatchObject({ status: 405 });
    expect(await get('/', '-I')).toMatchObject({ status: 200, body: '' });

    const style = await get('/style.css', '--compressed');
    expect(style.headers.get('content-encoding')).toBe('gzip');
    expect(style.headers.get('vary')).toBe('Accept-Encoding');
    expect(style.body).toBe('a { color: red }\n'.repeat(200));
    expect(await get('/style.css', '-H', `If-None-Match: ${style.headers.get('etag')}`)).toMatchObject({
      status: 304,
    });
    expect(await get('/style.css', '-r', '4-8')).toMatchObject({ status: 206, body: 'color' });
    const cached = async (path: string) => (await get(path)).headers.get('cache-control');
    expect(await cached('/app.8c5f2e1a.js')).toBe('max-age=31536000, immutable');
    expect(await cached('/photo.png')).toBe('max-age=3600');
    expect((await get('/module.mjs')).headers.get('content-type')).toMatch(/javascript; charset=utf-8$/);
    expect((await get('/app.webmanifest')).headers.get('content-type')).toMatch(
      /^application\/manifest\+json/,
    );
  });

  it('share a port by name, have ports of their own, and answer over IPv6', async () => {
    folder.write('wiki/index.html', 'wiki');
    folder.write('app/index.html', 'app');
    folder.write('own/index.html', 'own');
    const long = `${'long-'.repeat(10)}name.example.org`;
    hostFile(`  blog: { recipe: site }
  wiki: { recipe: site, source: ./wiki, domain: wiki.example.org, aliases: [${long}] }
  app: { recipe: site, source: ./app, port: 8080, spa: true }
  own: { recipe: site, source: ./own, port: 8081, expose: host }
`);
    await apply();
    expect(await apply()).toMatchObject({ changed: 0 });
    expect((await get('/', ...as('wiki.example.org'))).body).toBe('wiki');
    expect((await get('/', ...as(long))).body).toBe('wiki');
    expect((await get('/', ...as('anything.example.org'))).body).toBe('<h1>front</h1>');
    expect(await get(`http://${BOX}:8080/any/route`)).toMatchObject({ status: 200, body: 'app' });
    expect(await get(`http://${BOX}:8080/missing.js`)).toMatchObject({ status: 404 });
    await expect(get(`http://${BOX}:8081/`)).rejects.toThrow(/refused|connect/);
    const request = 'exec 3<>/dev/tcp/::1/8081; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3';
    expect(await on('box', 'bash', '-c', request)).toMatch(/^HTTP\/1.1 200 .*own$/s);
    const address = (await box('ip -6 -o addr show scope global | head -n 1')).match(
      /inet6 ([0-9a-f:]+)/,
    )?.[1];
    expect((await get(`http://[${address}]/`)).body).toBe('<h1>front</h1>');

    // From the machine itself to the network, while nginx holds the port: a reload could not do it.
    hostFile('  own: { recipe: site, source: ./own, port: 8081 }\n');
    await apply();
    expect((await get(`http://${BOX}:8081/`)).body).toBe('own');
  });
});

describe('nginx itself', () => {
  beforeAll(async () => {
    await up('bookworm');
    await box('apt-get update -qq; apt-get install -qy --no-install-recommends nginx >/dev/null');
  });
  afterAll(down);

  it('takes whatever the inputs allow', async () => {
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/);
    const name = fc
      .array(label, { minLength: 1, maxLength: 6 })
      .map((labels) => `${labels.join('.')}.example`)
      .filter((text) => domain().safeParse(text).success);
    const site = fc.record(
      {
        domain: name,
        port: fc.constantFrom(80, 1, 8080, 65_535),
        spa: fc.boolean(),
        expose: fc.constantFrom('host' as const, 'lan' as const, 'internet' as const),
      },
      { requiredKeys: ['port'] },
    );
    const hosts = fc.sample(
      fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/), site, { maxKeys: 4 }),
      60,
    );
    const scripts = hosts.flatMap((roles, index): Shell[] => {
      const configs = configsOf(roles);
      const files = configs.map(
        ({ path, content }) => sh`printf '%s' ${content} >${`/tmp/t/conf.d/${path.split('/').at(-1)}`}`,
      );
      return configs.length === 0
        ? []
        : [
            sh`rm -rf /tmp/t; mkdir -p /tmp/t/conf.d; cp /etc/nginx/mime.types /tmp/t
sed 's|/etc/nginx/conf.d|/tmp/t/conf.d|; /sites-enabled/d' /etc/nginx/nginx.conf >/tmp/t/nginx.conf
${joinShell(files)}
nginx -t -q -c /tmp/t/nginx.conf || { echo ${`host ${index}`}; cat /tmp/t/conf.d/*; exit 1; }`,
          ];
    });
    expect(scripts.length).toBeGreaterThan(20);
    const { code, stdout, stderr } = await labCapture(
      { name: LAB, node: 'box', argv: ['dash', '-s'] },
      { input: joinShell(scripts).text },
    );
    expect(`${stderr}${stdout}`).toBe('');
    expect(code).toBe(0);
  });

  it('gives up Debian’s page when nobody uses it, and not when somebody changed it', async () => {
    hostFile('  blog: { recipe: site }\n');
    const plan = async (): Promise<string> => (await hostwright(['plan'], folder.path)).stdout;
    expect(await plan()).toContain('symlink:/etc/nginx/sites-enabled/default');
    await box('echo mine >/var/www/html/index.html');
    expect(await plan()).not.toContain('symlink:');
    await box('rm /var/www/html/index.html; echo "# mine" >>/etc/nginx/sites-available/default');
    expect(await plan()).not.toContain('symlink:');
    await box('sed -i "\\$d" /etc/nginx/sites-available/default');
    expect(await plan()).toContain('symlink:');
  });
});

describe('a machine whose nginx has sites already', () => {
  beforeEach(async () => {
    await up('bookworm');
    await box(`export DEBIAN_FRONTEND=noninteractive
apt-get update -qq; apt-get install -qy --no-install-recommends nginx >/dev/null
for site in shop forum; do
  mkdir -p /srv/$site; echo $site >/srv/$site/index.html
  printf 'server {\\n listen 80;\\n server_name %s.example.org;\\n root /srv/%s;\\n}\\n' $site $site >/etc/nginx/sites-available/$site
  ln -s ../sites-available/$site /etc/nginx/sites-enabled/$site
done
systemctl restart nginx`);
  });
  afterEach(down);

  const footprint = (): Promise<string> =>
    box(
      `find /etc/nginx /srv /var/www/html ! -type d ! -name '*blog*' ! -name '*wiki*' -printf '%p %l %m %U %T@ ' -exec sha256sum {} \\; | sort`,
    );

  it.each(['', 'rm /etc/nginx/sites-enabled/default; systemctl restart nginx'])(
    'keeps every one of them as it was (%s)',
    async (before) => {
      await box(before);
      folder.write('wiki/index.html', 'wiki');
      hostFile(
        '  blog: { recipe: site }\n  wiki: { recipe: site, source: ./wiki, domain: wiki.example.org }\n',
      );
      const untouched = await footprint();
      const byAddress = (await get('/')).body;

      const plan = await hostwright(['plan'], folder.path);
      expect(plan.stdout + plan.stderr).toContain('0 existing files touched');
      expect(plan.stdout + plan.stderr).toContain('answers only to attic');
      await apply();
      expect(await apply()).toMatchObject({ changed: 0 });
      expect(await footprint()).toBe(untouched);

      expect((await get('/')).body).toBe(byAddress);
      expect((await get('/', ...as('shop.example.org'))).body).toBe('shop\n');
      expect((await get('/', ...as('forum.example.org'))).body).toBe('forum\n');
      expect((await get('/', ...as('attic.local'))).body).toBe('<h1>front</h1>');
      expect((await get('/', ...as('wiki.example.org'))).body).toBe('wiki');
    },
  );

  it('is left alone when nginx would refuse the new configuration, and when a name is taken', async () => {
    hostFile('  blog: { recipe: site, domain: blog.example.org }\n');
    await apply();
    const config = await box('cat /etc/nginx/*/*blog*; systemctl show -p MainPID -p ExecReload nginx');
    await box('echo "nonsense on;" >/etc/nginx/conf.d/broken.conf');

    hostFile('  blog: { recipe: site, domain: blog.example.org, aliases: [b.example.org] }\n');
    const refused = await hostwright(['apply', '--yes', '--no-check', '--take-over'], folder.path);
    expect(refused.code).toBe(1);
    expect(refused.stdout + refused.stderr).toContain('unknown directive "nonsense"');
    expect(await box('cat /etc/nginx/*/*blog*; systemctl show -p MainPID -p ExecReload nginx')).toBe(config);
    expect((await get('/', ...as('blog.example.org'))).body).toBe('<h1>front</h1>');

    hostFile('  blog: { recipe: site, domain: shop.example.org }\n');
    const taken = await hostwright(['plan'], folder.path);
    expect(taken.code).toBe(2);
    expect(taken.stderr).toMatch(
      /host\.yaml:5:\d+: .*already serves shop\.example\.org .*sites-enabled\/shop, line 1/,
    );
  });
});
