import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reboot } from '../../src/lab/box.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { differences, type Manifest } from '../../src/rehearse/manifest.ts';
import {
  type Finished,
  hostwright,
  summaryOf,
  type WorkingFolder,
  workingFolder,
} from './support/hostwright.ts';
import { manifestOf } from './support/manifest.ts';
import { releasesOf } from './support/releases.ts';
import { upToDate } from './support/snapshot.ts';

const LAB = 'all-roles';
const BOX = '192.168.1.20';

/** Roles of nearly every recipe on one host, each in touch with another one: by user, by folder, by name. */
const HOST_FILE = `hostwright: 1
host: attic
connect: { lab: ${LAB} }
roles:
  base: {}
  firewall: {}
  ftp: { users: [{ name: anna, folders: [www] }] }
  sftp: { users: [{ name: anna, folders: [www] }] }
  blog: { recipe: site, root: /srv/shared/www, domain: blog.home.arpa }
  front: { recipe: proxy, to: blog, domain: www.home.arpa }
  postgres: { databases: [{ name: blog, owner: anna }] }
  mariadb: { databases: [{ name: blog, owner: anna }] }
  dns: { forwarders: [192.168.1.1], unsigned: [home.test], zones: [{ name: home.arpa }] }
  own:
    recipe: extras
    packages: [tree]
    directories: [{ path: /srv/photos, mode: "2770", group: files-www }]
    files: [{ path: /srv/photos/READ.ME, content: "Photos go here.\\n", group: files-www }]
    sysctl: { net.ipv4.tcp_keepalive_time: 600 }
`;
const SERVING = ['blog', 'dns', 'front', 'ftp', 'mariadb', 'postgres', 'sftp'];

interface CheckResult {
  readonly vantage: string;
  readonly role: string;
  readonly expect: 'reachable' | 'blocked';
  readonly ok: boolean;
}

async function on(node: 'box' | 'phone', script: string, input = ''): Promise<Finished> {
  return labCapture({ name: LAB, node, argv: ['sh', '-c', script] }, { input });
}

async function out(node: 'box' | 'phone', script: string, input = ''): Promise<string> {
  const { code, stdout, stderr } = await on(node, script, input);
  if (code !== 0) throw new Error(`${script}: ${code}\n${stderr}\n${stdout}`);
  return stdout.trim();
}

describe.each(releasesOf('trixie'))('a host with every role on %s', (release) => {
  let folder: WorkingFolder;
  let before: Manifest;

  async function run(words: readonly string[], code = 0): Promise<Finished> {
    const finished = await hostwright(words, folder.path);
    const said = `${words.join(' ')}\n${finished.stderr}\n${finished.stdout.slice(-3000)}`;
    expect(finished.code, said).toBe(code);
    return finished;
  }
  const apply = async () => summaryOf(await run(['apply', '--yes', '--json', '--no-check']));
  const show = async (name: string): Promise<string> =>
    (await run(['secrets', 'show', name, '--yes'])).stdout.trimEnd();

  /** What the check says from everywhere: what is meant for the LAN is reached from there, and from nowhere else. */
  async function checked(): Promise<void> {
    const { stdout, stderr } = await hostwright(['check', '--json'], folder.path);
    const { ok, results } = JSON.parse(stdout) as { ok: boolean; results: readonly CheckResult[] };
    expect(results.filter((result) => !result.ok)).toEqual([]);
    expect(ok, stderr).toBe(true);
    const from = (vantage: string, wanted: CheckResult['expect']): string[] => {
      const mine = results.filter((result) => result.vantage === vantage && result.expect === wanted);
      return [...new Set(mine.map(({ role }) => role))].filter((role) => SERVING.includes(role)).sort();
    };
    expect(from('phone', 'reachable')).toEqual(SERVING);
    expect(from('internet', 'blocked')).toEqual(SERVING);
  }

  /** The same page by every way there is, and an answer of each database. */
  async function used(): Promise<void> {
    expect(await out('phone', `dig @${BOX} +short blog.home.arpa A www.home.arpa A`)).toBe(`${BOX}\n${BOX}`);
    const login = `user = "anna:${await show('sftp/anna')}"\n`;
    await out('phone', 'echo hello >/root/index.html');
    const ftp = `ftp://${BOX}/%2fwww/index.html`;
    await out('phone', `curl -sS -k --ssl-reqd -m 30 -K - -T /root/index.html ${ftp}`, login);
    for (const name of ['blog', 'www']) {
      const resolved = `--resolve "${name}.home.arpa:80:$(dig @${BOX} +short ${name}.home.arpa A)"`;
      expect(await out('phone', `curl -sS -m 20 ${resolved} http://${name}.home.arpa/`)).toBe('hello');
    }
    const askpass = `printf '#!/bin/sh\\ncat /root/secret\\n' >/root/askpass; chmod 700 /root/askpass; umask 077; cat >/root/secret`;
    await out('phone', askpass, await show('sftp/anna'));
    const sftp = `SSH_ASKPASS=/root/askpass SSH_ASKPASS_REQUIRE=force sftp -q -o BatchMode=no -o StrictHostKeyChecking=accept-new \
-o PubkeyAuthentication=no -b - anna@${BOX}`;
    expect(await out('phone', sftp, 'ls -1 /www\n')).toContain('/www/index.html');
    // A password goes to the client by a file of its own, as its owner would keep it.
    const postgres = `umask 077; cat >/root/.pgpass; psql "host=${BOX} user=anna dbname=blog sslmode=require" -XqAtwc 'SELECT 6 * 7'`;
    expect(await out('phone', `HOME=/root; ${postgres}`, `*:*:*:*:${await show('postgres/anna')}\n`)).toBe(
      '42',
    );
    const mariadb = `umask 077; cat >/root/my.cnf; mariadb --defaults-extra-file=/root/my.cnf --disable-ssl-verify-server-cert \
-h ${BOX} -u anna -N -B blog -e 'CREATE TABLE IF NOT EXISTS kept (i INT); SELECT 6 * 7'`;
    expect(await out('phone', mariadb, `[client]\npassword="${await show('mariadb/anna')}"\n`)).toBe('42');
  }

  beforeAll(async () => {
    await labUp({ name: LAB, release, report: () => undefined });
    folder = workingFolder({ 'host.yaml': HOST_FILE });
    await upToDate(LAB);
    before = await manifestOf(LAB);
  });
  afterAll(async () => {
    folder?.remove();
    await labDown({ name: LAB, report: () => undefined });
  });

  it('converges in one run, and a second one changes nothing', { timeout: 900_000 }, async () => {
    await apply();
    expect(await apply()).toMatchObject({ changed: 0, failed: 0, roundTrips: 2 });
    expect(await out('box', 'systemctl --failed --no-legend --plain')).toBe('');
    await used();
    await checked();
  });

  it('is the same after a restart', { timeout: 600_000 }, async () => {
    await reboot(LAB);
    await checked();
    await used();
    expect(await out('box', 'systemctl --failed --no-legend --plain')).toBe('');
    expect(await apply()).toMatchObject({ changed: 0, failed: 0, roundTrips: 2 });
  });

  it('goes as it came, all at once, and what people made stays', { timeout: 900_000 }, async () => {
    await run(['remove', '--all', '--yes']);
    const left = differences(before, await manifestOf(LAB));
    expect(left.filter((line) => !/^\+ files: \/srv\b/.test(line))).toEqual([]);
    expect(await out('box', 'cat /srv/shared/www/index.html')).toBe('hello');
    expect(await out('box', 'find /var/backups/hostwright -name PG_VERSION | head -n 1')).not.toBe('');
    expect(await out('box', "find /var/backups/hostwright -name 'blog*.sql' | head -n 1")).not.toBe('');
  });
});
