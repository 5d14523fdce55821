import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reboot } from '../../src/lab/box.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { differences } from '../../src/rehearse/manifest.ts';
import { sqlName, sqlText } from '../../src/resources/mariadb/sql.ts';
import { agreed } from './support/ciphers.ts';
import {
  type Finished,
  hostwright,
  summaryOf,
  type WorkingFolder,
  workingFolder,
} from './support/hostwright.ts';
import { manifestOf } from './support/manifest.ts';
import { releasesOf } from './support/releases.ts';

const LAB = 'mariadb';
const BOX = '192.168.1.20';

/** Text that breaks out of careless quotes. */
const HOSTILE = [
  "'; DROP DATABASE blog; -- x",
  '\\',
  "\\'",
  "''",
  '`',
  '"',
  '%_',
  'a\n\tb',
  'äß',
  "a'b\\\\'c",
  '/*!',
  '\\! id',
];

const CLIENT = 'mariadb --defaults-extra-file=/root/login.cnf --disable-ssl-verify-server-cert';
/** Clients that go on until /root/writing is gone. */
const WRITERS = `touch /root/writing
{ while [ -e /root/writing ]; do echo "INSERT INTO notes (id, text) VALUES (1, 'mine')" | ${CLIENT} --force -h ${BOX} -u blog blog; done; } </dev/null >/dev/null 2>&1 &
{ echo 'BEGIN; SELECT * FROM later; SELECT SLEEP(100);' | ${CLIENT} -h ${BOX} -u blog blog; } </dev/null >/dev/null 2>&1 &
sleep 2`;

const host = (roles: string): string =>
  `hostwright: 1\nhost: attic\nconnect: { lab: ${LAB} }\nroles:\n  firewall: {}\n${roles}`;
const ONE = '  db: { recipe: mariadb, databases: [{ name: blog }, { name: wiki_2, owner: wiki }] }\n';

async function on(node: 'box' | 'phone', script: string, input = ''): Promise<Finished> {
  return labCapture({ name: LAB, node, argv: ['sh', '-c', script] }, { input });
}

async function box(script: string, input = ''): Promise<string> {
  const { code, stdout, stderr } = await on('box', script, input);
  if (code !== 0) throw new Error(`${script}: ${code}\n${stderr}\n${stdout}`);
  return stdout.trim();
}

/** The client of the phone, which is newer than the server may be: the password by a file, SQL by standard input. */
async function phone(password: string, user: string, sql: string, options = '', to = BOX): Promise<Finished> {
  await on('phone', 'umask 077; cat >/root/login.cnf', `[client]\npassword="${password}"\n`);
  // The certificate is self-signed: whose it is cannot be verified here.
  return on('phone', `timeout 20 ${CLIENT} -N -B -h ${to} -u ${user} ${options}`, sql);
}

describe.each(releasesOf('trixie'))('MariaDB on %s', (release) => {
  let folder: WorkingFolder;

  async function run(words: readonly string[], code = 0): Promise<Finished> {
    const finished = await hostwright(words, folder.path);
    expect(finished.code, `${words.join(' ')}\n${finished.stderr}\n${finished.stdout.slice(-3000)}`).toBe(
      code,
    );
    return finished;
  }
  const apply = async (...options: string[]) =>
    summaryOf(await run(['apply', '--yes', '--json', '--no-check', ...options]));
  const json = async <T>(...words: string[]): Promise<T> =>
    JSON.parse((await run([...words, '--json'])).stdout.trimEnd().split('\n').at(-1) ?? '') as T;
  const show = async (name: string): Promise<string> =>
    (await run(['secrets', 'show', name, '--yes'])).stdout.trimEnd();

  beforeAll(async () => {
    await labUp({ name: LAB, release, report: () => undefined });
    folder = workingFolder({ 'host.yaml': host(ONE) });
  });
  afterAll(async () => {
    folder.remove();
    await labDown({ name: LAB, report: () => undefined });
  });

  it('serves the LAN over TLS, keeps its data, and goes as it came', { timeout: 600_000 }, async () => {
    // An upgrade that a new package asks for is not taken back: all of them come beforehand.
    await box(
      'export DEBIAN_FRONTEND=noninteractive; apt-get -q update && apt-get -q -y dist-upgrade >/dev/null',
    );
    const before = await manifestOf(LAB);
    await apply();
    const password = await show('db/blog');

    // Its owner, from another machine.
    const rows = await phone(
      password,
      'blog',
      `CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, text TEXT, raw BLOB);
CREATE VIEW texts AS SELECT text FROM notes;
CREATE TRIGGER loud BEFORE INSERT ON notes FOR EACH ROW SET NEW.text = UPPER(NEW.text);
INSERT INTO notes (text, raw) VALUES ('grüße 😀', x'00ff27'), ('two', NULL);
SELECT * FROM texts; SELECT 'abc' REGEXP '^a.c$', CONNECTION_ID() > 0; SHOW SESSION STATUS LIKE 'Ssl_version';`,
      'blog',
    );
    expect(rows.stdout, rows.stderr).toBe(
      'GRÜSSE 😀\nTWO\n1\t1\nSsl_version\tTLSv1.3\n'.replace('GRÜSSE', 'GRÜßE'),
    );
    const six = (
      await box("ip -6 -o addr show scope global | sed -n 's/.*inet6 \\(2001[^/]*\\).*/\\1/p'")
    ).split('\n')[0];
    expect((await phone(password, 'blog', 'SELECT 1', '', six)).stdout).toBe('1\n');
    expect(await agreed(LAB, 'mysql', `${BOX}:3306`)).toEqual([
      'TLSv1.3 TLS_AES_256_GCM_SHA384',
      'TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384',
      undefined,
    ]);

    // Who must not.
    for (const [who, told, options, secret, sql] of [
      // MariaDB 11 says why.
      ['blog', '(Access denied|insecure transport)', '--skip-ssl', password, 'SELECT 1'],
      ['blog', 'Access denied', '', 'something else', 'SELECT 1'],
      ['root', 'Access denied', '', password, 'SELECT 1'],
      ['blog', 'Access denied', 'wiki_2', password, 'SELECT 1'],
      ['blog', 'Access denied', '', password, 'CREATE DATABASE wikix2; DROP DATABASE wiki_2'],
      ['wiki', 'Access denied', 'wikix2', await show('db/wiki'), 'CREATE TABLE t (i INT)'],
      ["''", 'Access denied', '', '', 'SELECT 1'],
    ] as const) {
      const refused = await phone(secret, who, sql, options);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(told)]);
    }
    const report = JSON.parse((await run(['check', '--json'])).stdout) as {
      results: readonly {
        vantage: string;
        role: string;
        expect: string;
        ok: boolean;
        steps: readonly { name: string; detail: string }[];
      }[];
    };
    const mine = report.results.filter(({ role }) => role === 'db');
    expect(mine.filter(({ ok }) => !ok)).toEqual([]);
    expect(
      mine.find(({ vantage, expect: wanted }) => vantage === 'internet' && wanted === 'blocked'),
    ).toBeDefined();
    const seen = mine.find(({ vantage }) => vantage === 'phone')?.steps.map(({ name }) => name);
    expect(seen).toEqual(['tcp', 'mariadb', 'tls', 'login']);

    // As an expert would have it.
    expect(
      await box(
        'mariadb -N -B',
        `SELECT COUNT(*) FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost');
SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'test';
SELECT COUNT(*) FROM mysql.global_priv WHERE Host LIKE '\\%%';
SELECT @@local_infile, @@skip_name_resolve, @@require_secure_transport, @@have_ssl, @@collation_server;`,
      ),
    ).toBe('0\n0\n0\n0\t1\t1\tYES\tutf8mb4_unicode_ci');
    const exposure = await box('systemd-analyze security mariadb --no-pager | tail -n 1');
    expect(Number(/: ([0-9.]+) /.exec(exposure)?.[1])).toBeLessThanOrEqual(4);
    expect(await box('systemctl --failed --no-legend')).toBe('');

    // What quotes are for, as the server itself reads them.
    for (const text of HOSTILE) {
      const hex = Buffer.from(text).toString('hex').toUpperCase();
      const sql = `SELECT HEX(${sqlText(text)}), HEX(${sqlName(text)}) FROM (SELECT ${sqlText(text)} AS ${sqlName(text)}) AS t;`;
      const read = await box('mariadb -N -B --binary-mode --default-character-set=utf8mb4', sql);
      expect([text, read]).toEqual([text, `${hex}\t${hex}`]);
    }

    // Again: nothing, and nothing to warn of. After a reboot: the same.
    expect(await apply()).toMatchObject({ changed: 0, failed: 0 });
    expect((await run(['plan'])).stdout).not.toMatch(/without a name|database test|no password|needs TLS/);
    await reboot(LAB);
    expect((await phone(password, 'blog', 'SELECT COUNT(*) FROM notes', 'blog')).stdout).toBe('2\n');

    // Dump, drop, restore: the same rows.
    const all =
      'SELECT id, text, HEX(raw) FROM notes ORDER BY id; SELECT * FROM texts; SELECT TRIGGER_NAME, ACTION_STATEMENT, DEFINER, SQL_MODE FROM information_schema.TRIGGERS;';
    const rowsBefore = (await phone(password, 'blog', all, 'blog')).stdout;
    expect(rowsBefore).toContain('00FF27');
    // A trigger that is older than the collation of its database.
    await box(
      'mariadb wiki_2',
      `ALTER DATABASE wiki_2 COLLATE utf8mb4_bin; CREATE TABLE t (i INT); CREATE TRIGGER one BEFORE INSERT ON t FOR EACH ROW SET NEW.i = 1;
ALTER DATABASE wiki_2 COLLATE utf8mb4_unicode_ci; INSERT INTO t VALUES (7);`,
    );
    const { dump } = await json<{ dump: string }>('db', 'dump', 'db');
    await box('systemctl start hostwright-dump-db.service');
    const { dumps } = await json<{ dumps: { name: string; databases: string[] }[] }>('db', 'list', 'db');
    expect(dumps.map(({ databases }) => databases)).toEqual([
      ['blog', 'wiki_2'],
      ['blog', 'wiki_2'],
    ]);
    await box('mariadb', 'DROP TABLE blog.notes; CREATE TABLE blog.later (i INT); DROP DATABASE wiki_2;');
    // The view has no table any more, and must not stand in the way; nor must somebody who writes into each table as soon
    // as it is there, or whose transaction holds on to one.
    await on('phone', WRITERS);
    const restored = await json<{ safety: string; databases: string[] }>(
      'db',
      'restore',
      'db',
      dump,
      '--yes',
    );
    await on('phone', 'rm /root/writing');
    expect(restored).toMatchObject({ safety: expect.stringMatching(/-before-restore$/) as string });
    expect(await box("mariadb -N -B -e 'SELECT @@read_only'")).toBe('0');
    expect((await phone(password, 'blog', all, 'blog')).stdout).toBe(rowsBefore);
    expect((await phone(password, 'blog', 'SHOW TABLES', 'blog')).stdout).toBe('notes\ntexts\n');
    expect(await box('mariadb -N -B wiki_2', 'INSERT INTO t VALUES (9); SELECT SUM(i) FROM t')).toBe('2');
    expect(await box("mariadb -N -B -e 'SHOW DATABASES'")).not.toContain('hostwright');
    expect(await apply()).toMatchObject({ changed: 0 });

    // Another password.
    await run(['secrets', 'rotate', 'db/blog', '--yes']);
    const rotated = await show('db/blog');
    expect((await phone(password, 'blog', 'SELECT 1')).code).toBe(1);
    expect((await phone(rotated, 'blog', 'SELECT 1')).stdout).toBe('1\n');
    await run(['rollback', '--yes']);
    expect((await phone(password, 'blog', 'SELECT 1')).stdout).toBe('1\n');
    expect(await apply('--on-conflict', 'take')).toMatchObject({ failed: 0 });
    expect((await phone(rotated, 'blog', 'SELECT 1')).stdout).toBe('1\n');

    // All of it goes, and the rows stay.
    await run(['remove', '--all', '--yes']);
    expect(differences(before, await manifestOf(LAB))).toEqual([]);
    const kept = await box("find /var/backups/hostwright -name 'blog*.sql'");
    expect(await box(`cat ${kept}`)).toMatch(/CREATE TABLE `notes`(.|\n)*0x00FF27/);
  });

  it('asks before it takes over what is there, and leaves everything else alone', async () => {
    await box(
      'export DEBIAN_FRONTEND=noninteractive; apt-get update -qq; apt-get install -qy --no-install-recommends mariadb-server >/dev/null',
    );
    await box(
      'mariadb',
      `CREATE DATABASE blog CHARACTER SET latin1; CREATE TABLE blog.old (i INT); CREATE USER blog@localhost IDENTIFIED BY 'theirs';
CREATE USER ''@localhost; CREATE DATABASE test; CREATE DATABASE other; CREATE USER other@'%' IDENTIFIED BY 'x'; GRANT ALL ON other.* TO other@'%'; GRANT SELECT ON other.* TO blog@localhost;`,
    );
    const looks = () =>
      box(
        'mariadb -N -B',
        "SHOW CREATE DATABASE blog; SHOW CREATE USER blog@localhost; SHOW GRANTS FOR blog@localhost; SHOW GRANTS FOR other@'%'; SHOW TABLES IN blog; SELECT User, Host FROM mysql.user ORDER BY 1, 2",
      );
    const theirs = await looks();
    folder.write('host.yaml', host('  db: { recipe: mariadb, expose: host, databases: [{ name: blog }] }\n'));
    const { stderr, stdout } = await run(['apply', '--yes', '--no-check'], 1);
    // What nobody should have is said, with the way to be rid of it.
    expect(`${stdout}${stderr}`.replaceAll(/\s+/g, ' ')).toMatch(
      /DROP USER ''@'localhost'.*DROP DATABASE test/,
    );
    expect(stderr).toMatch(/mariadb-database:blog(.|\n)*mariadb-user:blog/);
    expect(await looks()).toBe(theirs);
    await apply('--adopt', 'mariadb-database:blog', '--adopt', 'mariadb-user:blog');
    expect(await looks()).toMatch(/utf8mb4_unicode_ci(.|\n)*GRANT SELECT ON `other`/);
    expect(await box("ss -Hlnt 'sport = :3306' | awk '{ print $4 }'")).toBe('127.0.0.1:3306');
    await run(['check', '--from', 'self']);
    await run(['remove', '--all', '--yes']);
    expect(await looks()).toBe(theirs);
  });

  it('is not for the internet', async () => {
    folder.write(
      'host.yaml',
      host('  db: { recipe: mariadb, expose: internet, databases: [{ name: blog }] }\n'),
    );
    expect((await run(['plan'], 2)).stderr).toContain('A database server is not for the internet');
  });
});
