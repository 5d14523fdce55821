import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reboot } from '../../src/lab/box.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { differences, type Manifest } from '../../src/rehearse/manifest.ts';
import { agreed } from './support/ciphers.ts';
import { hostwright, jsonLines, summaryOf, type WorkingFolder, workingFolder } from './support/hostwright.ts';
import { manifestOf } from './support/manifest.ts';
import { releasesOf } from './support/releases.ts';
import { upToDate } from './support/snapshot.ts';

const LAB = 'postgres';
const BOX = '192.168.1.20';
const ROWS = `SELECT md5(string_agg(p::text, ',' ORDER BY id)) FROM posts p`;
const ANNA = 'user=anna dbname=blog sslmode=require';

let folder: WorkingFolder;

async function on(
  node: 'box' | 'phone' | 'internet',
  script: string,
): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await labCapture({ name: LAB, node, argv: ['sh', '-euc', script] });
  return { code, text: (stdout + stderr).trim() };
}

/** On the box, where it has to succeed. */
async function box(script: string): Promise<string> {
  const { code, text } = await on('box', script);
  if (code !== 0) throw new Error(`${script}: ${code}\n${text}`);
  return text;
}

/** As the administrator, on the host itself. */
const sql = (database: string, statement: string): Promise<string> =>
  box(`cd /; runuser -u postgres -- psql -XqAt -d ${database} -c "${statement}"`);

/** Debian's psql on another machine. */
async function psql(
  connection: string,
  statement: string,
  password: string,
  to = BOX,
  from: 'phone' | 'internet' = 'phone',
) {
  const quoted = `"host=${to} connect_timeout=3 ${connection}" -XqAtc "${statement}"`;
  return on(from, `PGPASSWORD='${password}' psql ${quoted}`);
}

function hostFile(expose: string, more = '', port = 5432): void {
  const role = `{ databases: [{ name: blog, owner: anna, extensions: [pg_trgm] }${more}], users: [report], port: ${port}, expose: ${expose} }`;
  folder.write(
    'host.yaml',
    `hostwright: 1\nhost: attic\nconnect: { lab: ${LAB} }\nroles:\n  firewall: {}\n  postgres: ${role}\n`,
  );
}

async function call(words: readonly string[], code = 0) {
  const finished = await hostwright(words, folder.path);
  const told = `${words.join(' ')}\n${finished.stderr}\n${finished.stdout.slice(-3000)}`;
  expect(finished.code, told).toBe(code);
  return finished;
}
const json = async <Answer>(...words: string[]): Promise<Answer> =>
  jsonLines((await call([...words, '--json'])).stdout).at(-1) as Answer;
const apply = async (...options: string[]) =>
  summaryOf(await call(['apply', '--yes', '--no-check', '--json', ...options]));
const passwordOf = async (role: string): Promise<string> =>
  (await call(['secrets', 'show', `postgres/${role}`, '--yes'])).stdout.trim();

interface Report {
  readonly results: readonly {
    readonly vantage: string;
    readonly role: string;
    readonly expect: string;
    readonly ok: boolean;
    readonly steps: readonly { readonly name: string }[];
  }[];
}

describe.each(releasesOf('trixie'))('PostgreSQL on %s', (release) => {
  const unit = `postgresql@${release === 'bookworm' ? 15 : 17}-main`;
  let before: Manifest;
  let six: string;

  beforeAll(async () => {
    folder = workingFolder();
    await labUp({ name: LAB, release, report: () => undefined });
    await upToDate(LAB);
    before = await manifestOf(LAB);
    six = await box(
      "ip -6 -o addr show scope global | sed -n 's/.*inet6 \\(2001[^/]*\\).*/\\1/p' | head -n 1",
    );
  });
  afterAll(async () => {
    await labDown({ name: LAB, report: () => undefined });
    folder.remove();
  });

  it('is not put on the internet', async () => {
    hostFile('internet');
    const { stderr } = await call(['plan'], 2);
    expect(stderr).toContain('A database server is not for the internet');
  });

  it('serves the LAN with TLS and passwords, and nobody else', async () => {
    hostFile('lan');
    await apply();
    expect(await apply()).toMatchObject({ changed: 0, roundTrips: 2 });

    const [anna, report] = [await passwordOf('anna'), await passwordOf('report')];
    const made = await psql(
      ANNA,
      `CREATE TABLE posts (id int PRIMARY KEY, body text); INSERT INTO posts SELECT g, repeat('é', g % 50) FROM generate_series(1, 500) g; SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()`,
      anna,
    );
    expect(made).toEqual({ code: 0, text: 't|TLSv1.3' });
    expect(await psql(ANNA, `SELECT similarity('word', 'words') > 0`, anna, six)).toEqual({
      code: 0,
      text: 't',
    });
    expect(await agreed(LAB, 'postgres', `${BOX}:5432`)).toEqual([
      'TLSv1.3 TLS_AES_256_GCM_SHA384',
      'TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384',
      undefined,
    ]);
    const refused = [
      ['user=report dbname=blog sslmode=require', report, 'CONNECT'],
      ['user=anna dbname=blog sslmode=disable', anna, 'no encryption'],
      ['user=postgres dbname=blog sslmode=require', 'x', 'no pg_hba.conf entry'],
      ['user=anna dbname=postgres sslmode=require', anna, 'no pg_hba.conf entry'],
      [ANNA, 'wrong', 'password authentication failed'],
      [`${ANNA} require_auth=password,md5,none`, anna, 'server requested SASL authentication'],
    ] as const;
    for (const [connection, password, why] of refused) {
      const answer = await psql(connection, 'SELECT 1', password);
      expect([connection, answer.code, answer.text]).toEqual([connection, 2, expect.stringContaining(why)]);
    }
    for (const address of [six, '203.0.113.2'])
      expect((await psql(ANNA, 'SELECT 1', anna, address, 'internet')).code).toBe(2);
    expect(
      await sql(
        'postgres',
        `SELECT bool_and(rolpassword LIKE 'SCRAM-SHA-256%') FROM pg_authid WHERE rolcanlogin AND rolname <> 'postgres'`,
      ),
    ).toBe('t');

    const { results } = await json<Report>('check');
    const mine = results.filter(({ role }) => role === 'postgres');
    expect(mine.filter(({ ok }) => !ok)).toEqual([]);
    const from = (vantage: string, wanted: string) =>
      mine.find((one) => one.vantage === vantage && one.expect === wanted)?.steps.map(({ name }) => name);
    expect(from('phone', 'reachable')).toEqual(['tcp', 'tls', 'login', 'plain text']);
    expect(from('internet', 'blocked')).toContain('blocked');
  });

  it('is confined, and comes back after a reboot', async () => {
    const anna = await passwordOf('anna');
    await reboot(LAB);
    expect((await psql(ANNA, 'SELECT count(*) FROM posts', anna)).text).toBe('500');
    const units = `${unit}.service hostwright-dump-postgres.service`;
    const text = await box(`systemd-analyze security --no-pager ${units} | grep 'Overall exposure'`);
    const levels = [...text.matchAll(/: ([\d.]+) /g)].map(([, level]) => Number(level));
    expect(levels).toHaveLength(2);
    for (const level of levels) expect(level).toBeLessThanOrEqual(4);
    expect(await box('systemctl --failed --no-legend')).toBe('');
  });

  it('restores the same rows, from a dump of its own or the nightly one', async () => {
    const rows = await sql('blog', ROWS);
    await sql(
      'postgres',
      `GRANT CONNECT ON DATABASE blog TO report; ALTER DATABASE blog SET work_mem = '9MB'`,
    );
    const { dump } = await json<{ dump: string }>('db', 'dump', 'postgres');
    await box('systemctl start hostwright-dump-postgres');
    const { dumps } = await json<{ dumps: { name: string; databases: string[] }[] }>(
      'db',
      'list',
      'postgres',
    );
    expect(dumps.map(({ databases }) => databases)).toEqual([['blog'], ['blog']]);
    expect(dumps[1]?.name).toBe(dump);

    await sql('postgres', 'DROP DATABASE blog');
    await call(['db', 'restore', 'postgres', '--yes']);
    expect(await sql('blog', ROWS)).toBe(rows);
    expect((await psql(ANNA, 'SELECT count(*) FROM posts', await passwordOf('anna'))).text).toBe('500');

    await sql('blog', 'DELETE FROM posts WHERE id < 100; CREATE TABLE later (x int)');
    await sql(
      'postgres',
      `GRANT CONNECT ON DATABASE blog TO report; ALTER DATABASE blog SET work_mem = '9MB'`,
    );
    const changed = await sql('blog', ROWS);
    // Clients that are cut off and back at once are in nobody's way.
    const client = `PGPASSWORD='${await passwordOf('anna')}' psql "host=${BOX} ${ANNA}" -c 'SELECT pg_sleep(60)'`;
    await on(
      'phone',
      `touch /root/busy; for i in 1 2 3 4 5; do { while [ -e /root/busy ]; do ${client}; done; } </dev/null >/dev/null 2>&1 & done; sleep 2`,
    );
    expect(
      Number(await sql('postgres', `SELECT count(*) FROM pg_stat_activity WHERE datname = 'blog'`)),
    ).toBe(5);
    const { safety } = await json<{ safety: string }>('db', 'restore', 'postgres', dump, '--yes');
    await on('phone', 'rm /root/busy');
    expect(
      await sql(
        'blog',
        `${ROWS} UNION ALL SELECT (to_regclass('later') IS NULL)::text UNION ALL SELECT current_setting('work_mem') UNION ALL SELECT has_database_privilege('report', 'blog', 'CONNECT')::text`,
      ),
    ).toBe(`${rows}\ntrue\n9MB\ntrue`);
    await call(['db', 'restore', 'postgres', safety, '--yes']);
    expect(await sql('blog', ROWS)).toBe(changed);
    expect(await apply()).toMatchObject({ changed: 0 });

    await call(['db', 'restore', 'postgres', 'nonsense', '--yes'], 2);
    await call(['db', 'dump', 'nobody'], 2);
    await box(`systemctl stop ${unit}`);
    const stopped = await call(['db', 'dump', 'postgres'], 1);
    expect(stopped.stderr).toContain('does not answer');
    expect(await apply()).toMatchObject({ failed: 0 });
    expect(await sql('blog', ROWS)).toBe(changed);
  });

  it('gets new passwords, and takes over what was there only on a word', async () => {
    const old = await passwordOf('anna');
    await call(['secrets', 'rotate', 'postgres/anna', '--yes']);
    expect((await psql(ANNA, 'SELECT 1', old)).code).toBe(2);
    expect((await psql(ANNA, 'SELECT 1', await passwordOf('anna'))).code).toBe(0);

    await sql('postgres', `CREATE ROLE wiki LOGIN PASSWORD 'theirs'`);
    await sql('postgres', 'CREATE DATABASE wiki');
    hostFile('lan', ', { name: wiki }');
    const stopped = await call(['apply', '--yes', '--no-check'], 1);
    expect(stopped.stdout + stopped.stderr).toContain('--adopt postgres-role:wiki');
    await apply('--adopt', 'postgres-role:wiki', '--adopt', 'postgres-database:wiki');
    const owner = `SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'wiki'`;
    expect(await sql('postgres', owner)).toBe('wiki');
    await call(['rollback', '--yes']);
    expect(await sql('postgres', owner)).toBe('postgres');
    expect(
      await box(`PGPASSWORD=theirs psql 'host=127.0.0.1 user=wiki dbname=postgres' -Atc 'SELECT 1'`),
    ).toBe('1');
  });

  it('moves to another port, and is taken off again with its data kept', async () => {
    hostFile('lan', '', 5433);
    await apply();
    expect(await apply()).toMatchObject({ changed: 0 });
    expect((await psql(`${ANNA} port=5433`, 'SELECT 1', await passwordOf('anna'))).text).toBe('1');
    await call(['remove', '--all', '--yes']);
    expect(differences(before, await manifestOf(LAB))).toEqual([]);
    expect(await box('find /var/backups/hostwright -name PG_VERSION | head -n 1')).not.toBe('');
    expect(await box('find /var/backups -name blog.dump | head -n 1')).not.toBe('');
  });
});
