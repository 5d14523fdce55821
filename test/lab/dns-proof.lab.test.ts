import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AGENT } from '../../src/agent/places.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { BOX_V4, WAN } from '../../src/lab/network.ts';
import { labUp } from '../../src/lab/up.ts';
import { type Shell, sh } from '../../src/quote.ts';
import { hostwright, start, summaryOf, type WorkingFolder, workingFolder } from './support/hostwright.ts';
import { releasesOf } from './support/releases.ts';

/** What a user may write: puts the record into a zone of his, by a key of his. */
const HOOK = (zone: string) => `#!/bin/sh
case $1 in add) what="add $2 60 TXT" ;; remove) what="delete $2 TXT" ;; *) exit 2 ;; esac
nsupdate -k /etc/acme-dns.key <<END
server 127.0.0.1
zone ${zone}
update $what "$3"
send
END
`;

describe.each(releasesOf('bookworm'))('certificates that are proven by DNS, on %s', (release) => {
  const LAB = `dns-proof-${release}`;
  const NAME = `home-${release}.example.org`;
  const HOOKED = `calls-${release}.example.net`;
  let folder: WorkingFolder;

  const on = async (node: 'box' | 'internet' | 'router', script: Shell | string): Promise<string> => {
    const { code, stdout, stderr } = await labCapture(
      { name: LAB, node, argv: ['sh', '-eus'] },
      { input: String(script) },
    );
    if (code !== 0) throw new Error(`exit ${code}: ${stderr}\n${stdout}`);
    return stdout;
  };
  const words = async (...argv: readonly string[]) => {
    const finished = await hostwright(argv, folder.path);
    expect([finished.code, finished.stderr]).toEqual([0, '']);
    return finished;
  };
  const shown = (role: string, what: string) =>
    on('box', `openssl x509 -noout ${what} -in /etc/ssl/hostwright/${role}/fullchain.pem`);

  beforeAll(async () => {
    folder = workingFolder();
    const { acme } = await labUp({ name: LAB, release, report: () => undefined });
    folder.write('root.pem', acme?.root ?? '');
    // What a person types into the router's admin page.
    await on(
      'router',
      `for protocol in tcp udp; do
  nft add rule inet router prerouting iifname wan $protocol dport 53 dnat ip to ${BOX_V4}
  nft insert rule inet router forward iifname wan oifname lan ip daddr ${BOX_V4} $protocol dport 53 accept
done`,
    );
    const secret = randomBytes(32).toString('hex');
    await on(
      'box',
      sh`printf '%s' ${HOOK(HOOKED)} >/usr/local/bin/acme-dns; chmod 755 /usr/local/bin/acme-dns
printf 'key "hook" { algorithm hmac-sha256; secret "%s"; };\n' ${secret} >/etc/acme-dns.key`,
    );
    folder.write('public/index.html', '<title>blog</title>for the world');
    folder.write(
      'host.yaml',
      `hostwright: 1
host: attic
connect: { lab: ${LAB} }
roles:
  tools: { recipe: extras, packages: [bind9-dnsutils] }
  dns:
    expose: internet
    zones:
      - name: ${HOOKED}
        public: true
        records: [{ name: attic, type: A, value: ${WAN.router.v4} }]
        update: [hook]
  blog:
    recipe: site
    domain: ${NAME}
    source: ./public
    tls: { acme: letsencrypt, challenge: dns, names: ["*.${NAME}"] }
  calls:
    recipe: proxy
    domain: ${HOOKED}
    to: http://192.168.1.31:9000
    tls: { acme: letsencrypt, challenge: { hook: /usr/local/bin/acme-dns } }
`,
    );
    const { code } = await start(['secrets', 'set', 'dns/tsig-hook'], folder.path, {}, secret).finished;
    expect(code).toBe(0);
  });
  afterAll(async () => {
    folder.remove();
    await labDown({ name: LAB, report: () => undefined });
  });

  it('are had by one apply: a wildcard by the host’s own name server, another by a program of the user', async () => {
    const applied = await words('apply', '--yes', '--no-check', '--json');
    expect(summaryOf(applied)).toMatchObject({ failed: 0 });
    expect((await words('certs', 'list')).stdout).toMatch(
      /blog .*; to be renewed(.|\n)*calls .*; to be renewed/,
    );
    expect(await shown('blog', '-ext subjectAltName')).toContain(`DNS:${NAME}, DNS:*.${NAME}`);
    expect(await shown('calls', '-issuer')).toMatch(/pebble/i);
    // The proofs are gone.
    for (const name of [NAME, HOOKED])
      expect(await on('box', `dig +short @127.0.0.1 _acme-challenge.${name} TXT`)).toBe('');
  });

  it('are made by an agent that can do little, and whose key only root reads', async () => {
    for (const unit of ['hostwright-agent', 'hostwright-agent-certificates', 'hostwright-agent-install']) {
      const said = await on('box', `systemd-analyze security --no-pager ${unit}.service | tail -n 1`);
      const [, exposure = '10'] = /level for \S+: ([\d.]+)/.exec(said) ?? [];
      process.stdout.write(`${unit}: ${exposure}\n`);
      expect(Number(exposure)).toBeLessThanOrEqual(2.5);
    }
    expect(await on('box', `stat -c '%a %U:%G' /etc/ssl/hostwright/blog/key.pem`)).toBe('600 root:root\n');
  });

  it('are looked after by Node.js only when something is due', async () => {
    const result = `systemctl start hostwright-agent-certificates || :
systemctl show --value -p Result hostwright-agent-certificates`;
    // A declaration as young as the last look counts as unseen: it is looked at once more.
    await on('box', result);
    expect(await on('box', result)).toBe('exec-condition\n');
    expect(await on('box', `echo 1 >${AGENT.home}/state/next; ${result}`)).toBe('success\n');
    expect(await on('box', result)).toBe('exec-condition\n');
  });

  it('are revoked by their own key where the account is lost', async () => {
    const before = await shown('blog', '-serial');
    await on('box', `rm -r ${AGENT.home}/accounts`);
    await words('certs', 'revoke', 'blog', '--reason', 'keyCompromise');
    await expect.poll(() => shown('blog', '-serial'), { timeout: 15_000 }).not.toBe(before);
  });
});
