import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { ADDRESSES, WAN } from '../../src/lab/network.ts';
import { labUp } from '../../src/lab/up.ts';
import { sh } from '../../src/quote.ts';
import { hostwright, summaryOf, type WorkingFolder, workingFolder } from './support/hostwright.ts';
import { releasesOf } from './support/releases.ts';

for (const release of releasesOf('trixie')) {
  const LAB = `letsencrypt-${release}`;
  const NAME = `www.site-${release}.example.org`;

  const [, BOX_V6 = ''] = ADDRESSES.box;

  /** By the nginx of the release. */
  const HTTP3 = release === 'trixie';

  const PASSIVE = Array.from({ length: 20 }, (_, index) => 21_000 + index);

  const on = async (node: 'box' | 'internet' | 'router' | 'phone', script: string): Promise<string> => {
    const { code, stdout, stderr } = await labCapture({ name: LAB, node, argv: ['sh', '-euc', script] });
    if (code !== 0) throw new Error(`${script}: ${code}\n${stderr}`);
    return stdout;
  };

  describe(`a site with a certificate of Let’s Encrypt, for which the lab’s authority stands in, on ${release}`, () => {
    let folder: WorkingFolder;
    let root = '';
    beforeAll(async () => {
      folder = workingFolder();
      const { acme } = await labUp({ name: LAB, release, report: () => undefined });
      root = acme?.root ?? '';
      folder.write('public/index.html', '<title>blog</title>for the world');
      folder.write(
        'host.yaml',
        `hostwright: 1
host: attic
connect: { lab: ${LAB} }
roles:
  blog: { recipe: site, domain: ${NAME}, source: ./public, expose: internet, tls: letsencrypt }
  # Whom it lets in is nobody of the internet, and the authority still gets its proof.
  desk:
    recipe: proxy
    to: http://192.168.1.30:9000
    domain: desk.${NAME}
    auth: [anna]
    allow: [192.168.1.30/32]
    expose: internet
    tls: letsencrypt
  ftp: { users: [{ name: anna }], publicAddress: ${NAME}, expose: internet, tls: letsencrypt }
  firewall: {}
`,
      );
    });
    afterAll(async () => {
      folder.remove();
      await labDown({ name: LAB, report: () => undefined });
    });

    it('is had by one apply, and the internet gets the page by it', async () => {
      const applied = await hostwright(['apply', '--yes', '--no-check', '--json'], folder.path);
      expect([applied.code, applied.stderr]).toEqual([0, '']);
      expect(summaryOf(applied)).toMatchObject({ failed: 0 });
      const page = await on(
        'internet',
        sh`printf %s ${root} >/tmp/root.pem; curl -sS -m 10 --cacert /tmp/root.pem ${`https://${NAME}/`}`
          .text,
      );
      expect(page).toContain('for the world');
      expect(await on('internet', sh`curl -sSi -m 10 ${`http://${NAME}/x`}`.text)).toMatch(
        new RegExp(`^HTTP/1.1 308[\\s\\S]*location: https://${NAME}/x`, 'i'),
      );
    });

    it('is believed for good once it is trusted, and shown by what lets nobody in too', async () => {
      const ask = (name: string) =>
        on('internet', sh`curl -sSi -m 10 --cacert /tmp/root.pem ${`https://${name}/`}`.text);
      expect(await ask(NAME)).toMatch(/^HTTP\/2 200[\s\S]*^strict-transport-security: max-age=31536000\r$/im);
      expect(await ask(`desk.${NAME}`)).toMatch(/^HTTP\/2 403[\s\S]*^strict-transport-security: max-age=/im);
    });

    it('is all that the internet finds', async () => {
      const found = await on(
        'internet',
        sh`export DEBIAN_FRONTEND=noninteractive; apt-get -qq update
apt-get -qqy --no-install-recommends install nmap >/dev/null 2>&1
scan='nmap -n -Pn -p- --min-rate 8000 --max-retries 1 -oG -'
$scan ${WAN.router.v4} & $scan -6 ${BOX_V6}; wait`.text,
      );
      const open = [...found.matchAll(/ (\d+)\/open\//g)].map(([, port]) => Number(port));
      // By IPv6 the router lets nobody in, and nothing listens on the ports of passive FTP until somebody asks for a file.
      expect(open).toEqual([21, 80, 443]);
    });

    it('opens its ports on the router, and those of its neighbour, and nothing else', async () => {
      const chain = await on('router', 'nft list chain inet router upnp-in');
      const open = [...chain.matchAll(/dport (\d+) dnat ip to 192\.168\.1\.20:(\d+)/g)].map(
        ([, outside, inside]) => `${outside} ${inside}`,
      );
      const wanted = [80, 443, ...(HTTP3 ? [443] : []), 21, ...PASSIVE];
      expect(open.sort()).toEqual(wanted.map((port) => `${port} ${port}`).sort());
      const listed = await hostwright(['ports', 'list'], folder.path);
      expect(listed.stdout).toContain('passes port 443/tcp on (');
      const status = await hostwright(['status'], folder.path);
      expect(status.stdout).toMatch(
        /✓ certificate blog: valid until .*\n.*\n.*✓ certificate ftp: valid until/,
      );
    });

    it('is shown by FTP too, which takes and gives files inside and out there', async () => {
      const shown = await hostwright(['secrets', 'show', 'ftp/anna', '--yes'], folder.path);
      const login = `anna:${shown.stdout.trimEnd()}`;
      for (const node of ['internet', 'phone'] as const) {
        const words = sh`--ssl-reqd --ftp-pasv --cacert /tmp/root.pem -sS -m 20 -u ${login}`;
        const there = `ftp://${NAME}/${node}`;
        const done = await on(
          node,
          sh`printf %s ${root} >/tmp/root.pem; echo ${node} >/tmp/sent
curl ${words} -T /tmp/sent ${there}; curl ${words} ${there}`.text,
        );
        expect(done).toBe(`${node}\n`);
      }
    });

    it('is not ordered again by a second apply', async () => {
      const finished = await hostwright(['apply', '--yes', '--no-check', '--json'], folder.path);
      expect(summaryOf(finished)).toMatchObject({ changed: 0, roundTrips: 2 });
    });

    it('has a key that only root reads, and that no log has seen', async () => {
      const key = '/etc/ssl/hostwright/blog/key.pem';
      expect(await on('box', sh`stat -c '%a %U:%G' ${key}`.text)).toBe('600 root:root\n');
      const second = sh`hw_line=$(sed -n 2p ${key}); journalctl --no-pager | grep -cF -e "$hw_line" || :`;
      expect((await on('box', second.text)).trim()).toBe('0');
    });

    it('is listed, renewed and revoked on request', async () => {
      const serial = () =>
        on('box', 'openssl x509 -serial -noout -in /etc/ssl/hostwright/blog/fullchain.pem');
      const before = await serial();
      expect((await hostwright(['certs', 'list'], folder.path)).stdout).toContain(
        `blog  ${NAME}; valid until`,
      );
      const renewed = await hostwright(['certs', 'renew', 'blog'], folder.path);
      expect([renewed.code, renewed.stderr]).toEqual([0, '']);
      await expect.poll(serial, { timeout: 15_000 }).not.toBe(before);
      const revoked = await hostwright(['certs', 'revoke', 'blog', '--reason', 'superseded'], folder.path);
      expect([revoked.code, revoked.stderr]).toEqual([0, '']);
      expect((await hostwright(['certs', 'issue', 'nobody'], folder.path)).stderr).toContain('certs list');
    });

    it('goes with its role, and so does the agent with the last one', async () => {
      expect((await hostwright(['remove', 'ftp', '--yes'], folder.path)).code).toBe(0);
      expect(await on('router', 'nft list chain inet router upnp-in')).not.toContain('dport 21');
      expect((await hostwright(['remove', 'desk', '--yes'], folder.path)).code).toBe(0);
      expect((await hostwright(['remove', 'blog', '--yes'], folder.path)).code).toBe(0);
      expect(await on('router', 'nft list chain inet router upnp-in')).not.toContain('dport');
      const left = sh`systemctl list-unit-files 'hostwright-agent*' --no-legend --no-pager | cat
ls -d /var/lib/hostwright-agent /etc/hostwright/agent /usr/local/lib/hostwright/agent 2>/dev/null || :
getent passwd hostwright-agent || :`;
      expect(await on('box', left.text)).toBe('');
    });
  });
}
