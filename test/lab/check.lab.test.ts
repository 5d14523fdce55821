import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report, Result } from '../../src/check/report.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { hostwright, type WorkingFolder, workingFolder } from './support/hostwright.ts';

const LAB = 'check-test';
const HOST_FILE = `host: attic
connect: { lab: ${LAB} }
roles:
  firewall: {}
  blog: { recipe: site, source: ./public, expose: lan }
  notes: { recipe: site, source: ./notes, expose: host, port: 8081 }
`;

let folder: WorkingFolder;

const on = async (node: string, script: string): Promise<void> => {
  const { code, stderr } = await labCapture({ name: LAB, node, argv: ['sh', '-s'] }, { input: script });
  if (code !== 0) throw new Error(`${script}: ${code}\n${stderr}`);
};

async function check(...words: string[]): Promise<{ code: number | null; report: Report; stderr: string }> {
  const { code, stdout, stderr } = await hostwright(['check', '--json', ...words], folder.path);
  return { code, report: JSON.parse(stdout) as Report, stderr };
}

const of = ({ results }: Report, vantage: string, role = 'blog'): readonly Result[] =>
  results.filter((result) => result.vantage === vantage && result.role === role);
const causes = (results: readonly Result[]) => [...new Set(results.map(({ cause }) => cause))];

beforeAll(async () => {
  await labUp({ name: LAB, release: 'bookworm', report: () => undefined });
  folder = workingFolder({
    'host.yaml': HOST_FILE,
    'public/index.html': '<title>Blog</title>hello',
    'notes/index.html': '<title>Notes</title>mine',
  });
  const { code, stderr } = await hostwright(['apply', '--yes', '--no-check'], folder.path);
  if (code !== 0) throw new Error(stderr);
});
afterAll(async () => {
  folder?.remove();
  await labDown({ name: LAB, report: () => undefined });
});

describe('check in the lab', () => {
  it('proves from four places what is open and what is closed, in a few seconds', async () => {
    const started = performance.now();
    const { code, report, stderr } = await check();
    expect(code, stderr).toBe(0);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(report.ok).toBe(true);
    for (const place of ['self', 'here', 'phone']) {
      expect(of(report, place).map(({ expect: wanted }) => wanted)).toEqual([
        'reachable',
        'reachable',
        'reachable',
      ]);
    }
    expect(of(report, 'internet').map(({ expect: wanted }) => wanted)).toEqual(['blocked', 'blocked']);
    expect(of(report, 'self', 'notes')).toMatchObject([{ address: '127.0.0.1', expect: 'reachable' }]);
    expect(of(report, 'phone', 'notes').map(({ expect: wanted }) => wanted)).toEqual([
      'blocked',
      'blocked',
      'blocked',
    ]);
  });

  it('finds a service that is down, and blames nothing else for it', async () => {
    await on('box', 'systemctl stop nginx');
    const { code, report } = await check('--from', 'self,phone');
    await on('box', 'systemctl start nginx');
    expect(code).toBe(1);
    expect(causes(of(report, 'self'))).toEqual(['service-not-listening']);
    expect(of(report, 'phone').every(({ because }) => because?.startsWith('self:'))).toBe(true);
  });

  it('tells another page from the right one', async () => {
    await on(
      'box',
      'cp /var/www/blog/index.html /root/kept; echo "<title>Not it</title>" >/var/www/blog/index.html',
    );
    const { report } = await check('--from', 'phone');
    await on('box', 'cat /root/kept >/var/www/blog/index.html');
    expect(causes(of(report, 'phone'))).toEqual(['wrong-content']);
    expect(of(report, 'phone')[0]?.steps.at(-1)?.detail).toContain('"Not it"');
  });

  it('finds a firewall that drops, by what the host itself still sees', async () => {
    await on('box', 'nft insert rule inet hostwright input iifname != lo tcp dport 80 drop');
    const { report } = await check('--from', 'self,phone');
    await on('box', 'systemctl reload-or-restart hostwright-firewall');
    expect(of(report, 'self').every(({ ok }) => ok)).toBe(true);
    expect(causes(of(report, 'phone'))).toEqual(['firewall-drops']);
  });

  it('finds what is open and should not be', async () => {
    const site = '/etc/nginx/conf.d/trial.conf';
    const server = 'server { listen 192.168.1.20:8081; root /var/www/notes; }';
    await on('box', `echo '${server}' >${site}; systemctl reload nginx`);
    await on('box', 'nft insert rule inet hostwright input tcp dport 8081 accept');
    const { code, report } = await check('--from', 'phone');
    await on('box', `rm ${site}; systemctl reload nginx; systemctl reload-or-restart hostwright-firewall`);
    expect(code).toBe(1);
    const [open, ...others] = of(report, 'phone', 'notes');
    expect(open).toMatchObject({ address: '192.168.1.20', ok: false, cause: 'exposed' });
    expect(others.every(({ ok }) => ok)).toBe(true);
  });

  it('does not call a port closed when the vantage may not try it', async () => {
    const config = '/etc/ssh/sshd_config.d/trial.conf';
    const reload = `pkill -HUP -f '^sshd: /usr/sbin/sshd -D'`;
    await on('phone', `echo 'AllowTcpForwarding no' >${config}; ${reload}`);
    const { code, report } = await check('--from', 'phone');
    await on('phone', `rm ${config}; ${reload}`);
    expect(code).toBe(1);
    expect(causes(report.results)).toEqual(['forwarding-prohibited']);
  });

  it('makes a finding of a vantage that does not let us in, and tests from the others', async () => {
    const config = '/etc/ssh/sshd_config.d/trial.conf';
    const reload = `pkill -HUP -f '^sshd: /usr/sbin/sshd -D'`;
    await on('internet', `echo 'DenyUsers root' >${config}; ${reload}`);
    const { code, report } = await check('--from', 'phone,internet');
    await on('internet', `rm ${config}; ${reload}`);
    expect(code).toBe(1);
    expect(report.results.filter(({ ok }) => !ok)).toMatchObject([
      { id: 'internet:', vantage: 'internet', cause: 'vantage-unreachable' },
    ]);
    expect(of(report, 'phone').every(({ ok }) => ok)).toBe(true);
  });
});
