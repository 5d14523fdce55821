import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { hostwright, summaryOf, type WorkingFolder, workingFolder } from './support/hostwright.ts';
import { releasesOf } from './support/releases.ts';

const LAB = 'busy-test';

async function on(node: 'box' | 'phone', script: string): Promise<string> {
  const { code, stdout, stderr } = await labCapture({ name: LAB, node, argv: ['sh', '-c', script] });
  if (code !== 0) throw new Error(`${script}: ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** Somebody's machine: two sites, a file server, ufw, accounts with files. */
const FURNISH = `export DEBIAN_FRONTEND=noninteractive
apt-get -q update && apt-get -qy --no-install-recommends install nginx-light samba ufw
for name in one two; do
  mkdir -p /srv/$name && echo "the site $name" >/srv/$name/index.html
  printf 'server { listen 80%s; listen [::]:80%s; server_name %s.example.org; root /srv/%s; }\\n' "$default" "$default" $name $name >/etc/nginx/sites-available/$name
  ln -s /etc/nginx/sites-available/$name /etc/nginx/sites-enabled/$name
  default=
done
rm /etc/nginx/sites-enabled/default
nginx -t && systemctl reload nginx
for user in alice bob; do useradd -m -s /bin/bash $user; echo "$user's letter" >/home/$user/letter; chown $user: /home/$user/letter; chmod 600 /home/$user/letter; done
ufw allow 22/tcp; ufw allow Samba; ufw allow 80/tcp; ufw --force enable`;

/** Every file, link and folder of the machine with owner, mode and content; what changes by itself is left out. */
const MANIFEST = `cd / && set -- $(ls -d /* | grep -vxE '/(proc|sys|run|tmp|dev|var)') /var/www /var/lib/ufw /var/backups /var/spool
find "$@" -xdev -printf '%p %y %m %u %g %l\\n' | sort
find "$@" -xdev -type f -print0 | sort -z | xargs -0 sha256sum | sed 's/^\\([0-9a-f]*\\)  \\(.*\\)/\\2 \\1/'`;

const pages = (): Promise<string> =>
  on(
    'phone',
    `for name in one two; do curl -sS -m 5 -H "Host: $name.example.org" http://192.168.1.20/; done
curl -sS -m 5 http://192.168.1.20/
timeout 5 sh -c ': | nc -w 2 192.168.1.20 445' && echo samba`,
  );

describe.each(releasesOf('bookworm'))('a machine in use, on %s', (release) => {
  let folder: WorkingFolder;
  beforeAll(async () => {
    await labUp({ name: LAB, release, report: () => undefined });
    await on('box', `default=' default_server'\n${FURNISH}`);
    folder = workingFolder({
      'public/index.html': '<h1>the new site</h1>\n',
      'host.yaml': `host: attic
connect: { lab: ${LAB} }
roles:
  blog: { recipe: site, source: ./public, domain: blog.example.org }
  firewall: {}
`,
    });
  });
  afterAll(async () => {
    folder?.remove();
    await labDown({ name: LAB, report: () => undefined });
  });

  it('gets a new site, and nothing that was there is touched', async () => {
    const before = (await on('box', MANIFEST)).split('\n');
    const served = await pages();
    expect(served).toContain('the site one');

    const plan = await hostwright(['plan'], folder.path);
    expect(plan.code, plan.stderr).toBe(0);
    expect(plan.stdout).toContain('0 existing files touched');
    const applied = await hostwright(['apply', '--yes', '--json'], folder.path);
    expect(applied.code, applied.stdout + applied.stderr).toBe(0);

    expect(await on('phone', 'curl -sS -m 5 -H "Host: blog.example.org" http://192.168.1.20/')).toContain(
      'the new site',
    );
    expect(await pages()).toBe(served);
    expect(await on('box', 'stat -c "%a %U" /home/alice/letter; cat /home/bob/letter')).toBe(
      "600 alice\nbob's letter\n",
    );
    const after = new Set((await on('box', MANIFEST)).split('\n'));
    const gone = before.filter((line) => !after.has(line)).map((line) => line.split(' ')[0]);
    // ufw keeps its rules in files of its own, and rewriting them is its way of adding one.
    expect(gone.filter((path) => !/^\/(etc|usr\/share|var\/lib)\/ufw\//.test(path ?? ''))).toEqual([]);
    expect(summaryOf(await hostwright(['apply', '--yes', '--json'], folder.path))).toMatchObject({
      changed: 0,
      roundTrips: 2,
    });
  });

  it('shows every port that listens as kept', async () => {
    const plan = await hostwright(['plan', '--verbose'], folder.path);
    expect(plan.code).toBe(0);
    const report = await hostwright(['check', '--json'], folder.path);
    expect(JSON.parse(report.stdout)).toMatchObject({ ok: true });
  });
});
