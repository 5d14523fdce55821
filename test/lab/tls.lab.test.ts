import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { hostwright, summaryOf, workingFolder } from './support/hostwright.ts';
import { releasesOf } from './support/releases.ts';

const LAB = 'tls';
const BOX = '192.168.1.20';
const CERTIFICATES = '/etc/ssl/hostwright';

/** What somebody has set up long before. */
const SHOP = `server {
  listen 443 ssl;
  listen [::]:443 ssl;
  server_name shop.home.arpa;
  ssl_certificate /etc/ssl/shop.pem;
  ssl_certificate_key /etc/ssl/shop.key;
  location / { return 200 "shop\\n"; }
}`;

async function on(node: 'box' | 'phone', script: string): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await labCapture({ name: LAB, node, argv: ['sh', '-uc', script] });
  return { code, text: `${stdout}${stderr}` };
}

/** What a script prints that must succeed. */
async function must(node: 'box' | 'phone', script: string): Promise<string> {
  const { code, text } = await on(node, script);
  if (code !== 0) throw new Error(`${script}: ${code}\n${text}`);
  return text;
}

/** `curl` on the phone: a name leads to the box without anybody's DNS. */
function curl(url: string, options = ''): Promise<{ code: number; text: string }> {
  const { hostname, port, protocol } = new URL(url);
  const at = port || (protocol === 'https:' ? '443' : '80');
  return on('phone', `curl -sSi -m 10 --resolve ${hostname}:${at}:${BOX} ${options} ${url}`);
}

/** Which version of TLS the box agrees to. */
async function agreed(option: string, name: string): Promise<string | undefined> {
  const { text } = await on(
    'phone',
    `timeout 10 openssl s_client ${option} -cipher ALL:@SECLEVEL=0 -servername ${name} -connect ${BOX}:443 </dev/null 2>/dev/null`,
  );
  return /^New, (TLSv[\d.]+), Cipher is/m.exec(text)?.[1];
}

describe.each(releasesOf('trixie'))('TLS in nginx on Debian %s', (release) => {
  const folder = workingFolder({ 'public/index.html': '<h1>front</h1>' });
  const hostFile = (roles: object): void =>
    folder.write('host.yaml', JSON.stringify({ host: 'attic', connect: { lab: LAB }, roles }));
  const apply = async () => {
    const finished = await hostwright(['apply', '--yes', '--no-check', '--json'], folder.path);
    const summary = summaryOf(finished);
    expect(summary, finished.stderr + finished.stdout).toMatchObject({ failed: 0 });
    return summary;
  };

  beforeAll(() => labUp({ name: LAB, release, report: () => undefined }));
  afterAll(async () => {
    folder.remove();
    await labDown({ name: LAB, report: () => undefined });
  });

  it('leads to https, shows each name its own certificate, and is gone without a trace', async () => {
    hostFile({
      blog: { recipe: 'site', domain: 'blog.home.arpa', tls: 'self-signed' },
      media: {
        recipe: 'proxy',
        to: 'blog',
        domain: 'media.home.arpa',
        tls: 'self-signed',
        auth: ['anna'],
        allow: ['192.168.1.20/32'],
      },
      wiki: { recipe: 'site', domain: 'wiki.home.arpa', port: 8443, tls: 'self-signed' },
    });
    await apply();
    expect(await apply()).toMatchObject({ changed: 0, roundTrips: 2 });

    const led = await curl('http://blog.home.arpa/about?x=1');
    expect(led.text).toMatch(
      /^HTTP\/1\.1 308 [\s\S]*^location: https:\/\/blog\.home\.arpa\/about\?x=1\r?$/im,
    );
    for (const name of ['blog', 'wiki']) await trust(name);
    const page = await curl('https://blog.home.arpa/', '--cacert blog.pem');
    expect(page.text).toMatch(/^HTTP\/2 200[\s\S]*<h1>front<\/h1>$/);
    expect(page.text).not.toMatch(/strict-transport-security/i);
    expect((await curl('https://wiki.home.arpa:8443/', '--cacert wiki.pem')).text).toMatch(/^HTTP\/2 200/);
    expect((await curl('https://media.home.arpa/', '-k')).text).toMatch(/^HTTP\/2 403/);
    expect(
      await must(
        'box',
        `printf 'GET / HTTP/1.0\\r\\nHost: media.home.arpa\\r\\n\\r\\n' | openssl s_client -quiet -servername media.home.arpa -connect ${BOX}:443 2>/dev/null | head -1`,
      ),
    ).toMatch(/^HTTP\/1\.1 401/);
    // Nobody's name: no certificate is shown, and nothing of any role.
    const nobody = await curl('https://nobody.home.arpa/', '-k');
    expect([nobody.code, nobody.text]).toEqual([35, expect.stringMatching(/unrecognized name|alert/i)]);

    expect([
      await agreed('-tls1_3', 'blog.home.arpa'),
      await agreed('-tls1_2', 'blog.home.arpa'),
      await agreed('-tls1_1', 'blog.home.arpa'),
      await agreed('-tls1', 'blog.home.arpa'),
    ]).toEqual(['TLSv1.3', 'TLSv1.2', undefined, undefined]);

    const modern = release === 'trixie';
    expect(/^alt-svc: h3=":443"/im.test(page.text)).toBe(modern);
    expect((await must('box', 'ss -lunH')).includes(':443')).toBe(modern);
    if (modern) {
      const third = await curl('https://blog.home.arpa/', '--http3-only --cacert blog.pem');
      expect(third.text).toMatch(/^HTTP\/3 200[\s\S]*<h1>front<\/h1>$/);
      expect((await curl('https://nobody.home.arpa/', '--http3-only -k')).code).not.toBe(0);
    }

    const checked = await hostwright(['check'], folder.path);
    expect(checked.code, checked.stdout + checked.stderr).toBe(0);
    expect(/http3/.test(checked.stdout)).toBe(modern);

    await hostwright(['remove', '--all', '--yes'], folder.path);
    expect(
      await must(
        'box',
        'ls -A /etc/nginx /etc/ssl/hostwright 2>/dev/null; ss -tulnH | grep -E ":(80|443|8443) "; :',
      ),
    ).toBe('');
  }, 180_000);

  /** The phone takes a role's certificate for good. */
  async function trust(role: string): Promise<void> {
    const pem = await must('box', `cat ${CERTIFICATES}/${role}/fullchain.pem`);
    await must('phone', `cat >${role}.pem <<'END'\n${pem}END`);
  }

  it('leaves a site of somebody else on the port as it was', async () => {
    await must(
      'box',
      `apt-get -qq install -y nginx >/dev/null 2>&1
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /etc/ssl/shop.key -out /etc/ssl/shop.pem -days 30 -subj /CN=shop.home.arpa 2>/dev/null
cat >/etc/nginx/sites-enabled/shop <<'END'
${SHOP}
END
systemctl restart nginx`,
    );
    const before = (await curl('https://shop.home.arpa/', '-k')).text;
    hostFile({ blog: { recipe: 'site', domain: 'blog.home.arpa', tls: 'self-signed' } });
    await apply();
    const subject = async (name: string) =>
      (
        await must(
          'phone',
          `openssl s_client -servername ${name} -connect ${BOX}:443 </dev/null 2>/dev/null | openssl x509 -noout -subject`,
        )
      ).trim();
    expect([
      await subject('blog.home.arpa'),
      await subject('shop.home.arpa'),
      await subject('nobody.home.arpa'),
    ]).toEqual([
      expect.stringMatching(/blog\.home\.arpa$/),
      expect.stringMatching(/shop\.home\.arpa$/),
      expect.stringMatching(/shop\.home\.arpa$/),
    ]);
    const after = (await curl('https://shop.home.arpa/', '-k')).text;
    expect(after.split('\r\n')[0]).toBe(before.split('\r\n')[0]);
    expect((await curl('https://blog.home.arpa/', '-k')).text).toContain('<h1>front</h1>');
    expect(await apply()).toMatchObject({ changed: 0 });
    await hostwright(['remove', '--all', '--yes'], folder.path);
    expect((await curl('https://shop.home.arpa/', '-k')).text.split('\r\n')[0]).toBe(before.split('\r\n')[0]);
    expect((await curl('https://blog.home.arpa/', '-k')).text).toContain('shop');
  }, 120_000);
});
