import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { differences } from '../../src/rehearse/manifest.ts';
import { hostwright, jsonLines, summaryOf, type WorkingFolder, workingFolder } from './support/hostwright.ts';
import { manifestOf } from './support/manifest.ts';
import { restoreSnapshot, takeSnapshot, upToDate } from './support/snapshot.ts';

const LAB = 'postgres';
const ROWS = `SELECT md5(string_agg(p::text, ',' ORDER BY id)) FROM posts p`;

let folder: WorkingFolder;

async function on(node: 'box' | 'phone', script: string): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await labCapture({ name: LAB, node, argv: ['sh', '-euc', script] });
  return { code, text: (stdout + stderr).trim() };
}

/** As the administrator, on the host itself. */
const sql = async (database: string, statement: string): Promise<string> =>
  (await on('box', `cd /; runuser -u postgres -- psql -XqAt -d ${database} -c "${statement}"`)).text;

async function phone(connection: string, statement: string, password: string) {
  const quoted = `"host=192.168.1.20 ${connection}" -XqAtc "${statement}"`;
  return on('phone', `PGPASSWORD=${password} psql ${quoted}`);
}

function hostFile(expose: string): void {
  const role = `{ databases: [{ name: blog, owner: anna, extensions: [pg_trgm] }], users: [report], expose: ${expose} }`;
  folder.write(
    'host.yaml',
    `hostwright: 1\nhost: attic\nconnect: { lab: ${LAB} }\nroles:\n  postgres: ${role}\n`,
  );
}

const call = (...words: string[]) => hostwright(words, folder.path);
const passwordOf = async (role: string): Promise<string> =>
  (await call('secrets', 'show', `postgres/${role}`, '--yes')).stdout.trim();

async function apply(...options: string[]) {
  const finished = await call('apply', '--yes', '--no-check', '--json', ...options);
  const summary = summaryOf(finished);
  expect(summary, finished.stderr).toMatchObject({ failed: 0 });
  return summary;
}

describe.each(['bookworm', 'trixie'] as const)('PostgreSQL on %s', (release) => {
  beforeAll(async () => {
    folder = workingFolder();
    await labUp({ name: LAB, release, report: () => undefined });
    await upToDate(LAB);
    await takeSnapshot(LAB, 'start');
  });
  afterAll(async () => {
    await labDown({ name: LAB, report: () => undefined });
    folder.remove();
  });

  it('is not put on the internet', async () => {
    hostFile('internet');
    const { code, stderr } = await call('plan');
    expect(code).toBe(2);
    expect(stderr).toContain('A database server is not for the internet');
  });

  it('serves the LAN with TLS and passwords, and nobody else', async () => {
    hostFile('lan');
    await apply();
    expect(await apply()).toMatchObject({ changed: 0, roundTrips: 2 });

    const [anna, report] = [await passwordOf('anna'), await passwordOf('report')];
    const made = await phone(
      'user=anna dbname=blog sslmode=require',
      `CREATE TABLE posts (id int PRIMARY KEY, body text); INSERT INTO posts SELECT g, repeat('é', g % 50) FROM generate_series(1, 500) g; SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`,
      anna,
    );
    expect(made).toEqual({ code: 0, text: 't' });
    const refused = [
      ['user=report dbname=blog sslmode=require', report, 'CONNECT'],
      ['user=anna dbname=blog sslmode=disable', anna, 'no encryption'],
      ['user=postgres dbname=blog sslmode=require', 'x', 'no pg_hba.conf entry'],
      ['user=anna dbname=postgres sslmode=require', anna, 'no pg_hba.conf entry'],
      ['user=anna dbname=blog sslmode=require', 'wrong', 'password authentication failed'],
    ] as const;
    for (const [connection, password, why] of refused) {
      const answer = await phone(connection, 'SELECT 1', password);
      expect([connection, answer.code]).toEqual([connection, 2]);
      expect(answer.text).toContain(why);
    }
    const check = jsonLines((await call('check', '--json')).stdout).at(-1) as { ok: boolean };
    expect(check.ok).toBe(true);
  });

  it('is confined', async () => {
    const units = 'postgresql@*-main.service hostwright-dump-postgres.service';
    const { text } = await on(
      'box',
      `systemd-analyze security --no-pager ${units} | grep 'Overall exposure'`,
    );
    const levels = [...text.matchAll(/: ([\d.]+) /g)].map(([, level]) => Number(level));
    expect(levels).toHaveLength(2);
    for (const level of levels) expect(level).toBeLessThanOrEqual(4);
  });

  it('restores the same rows, from a dump of its own or the nightly one', async () => {
    const before = await sql('blog', ROWS);
    const dumped = await call('db', 'dump', 'postgres', '--json');
    const { dump } = jsonLines(dumped.stdout).at(-1) as { dump: string };
    await on('box', 'systemctl start hostwright-dump-postgres');

    await sql('postgres', 'DROP DATABASE blog');
    expect((await call('db', 'restore', 'postgres', '--yes')).code).toBe(0);
    expect(await sql('blog', ROWS)).toBe(before);

    await sql('blog', 'DELETE FROM posts WHERE id < 100; CREATE TABLE later (x int)');
    const changed = await sql('blog', ROWS);
    const restored = await call('db', 'restore', 'postgres', dump, '--yes', '--json');
    const { safety } = jsonLines(restored.stdout).at(-1) as { safety: string };
    expect(await sql('blog', ROWS)).toBe(before);
    expect(await sql('blog', `SELECT to_regclass('later') IS NULL`)).toBe('t');
    expect((await call('db', 'restore', 'postgres', safety, '--yes')).code).toBe(0);
    expect(await sql('blog', ROWS)).toBe(changed);
    expect(await apply()).toMatchObject({ changed: 0 });

    expect(await call('db', 'restore', 'postgres', 'nonsense', '--yes')).toMatchObject({ code: 2 });
    expect(await call('db', 'dump', 'nobody')).toMatchObject({ code: 2 });
    await on('box', "systemctl stop 'postgresql@*-main'");
    const stopped = await call('db', 'dump', 'postgres');
    expect(stopped).toMatchObject({ code: 1 });
    expect(stopped.stderr).toContain('does not answer');
    await on('box', "systemctl start 'postgresql@*-main' --all || systemctl restart postgresql");
  });

  it('gets new passwords, and takes over what was there only on a word', async () => {
    const old = await passwordOf('anna');
    expect((await call('secrets', 'rotate', 'postgres/anna', '--yes')).code).toBe(0);
    const login = 'user=anna dbname=blog sslmode=require';
    expect((await phone(login, 'SELECT 1', old)).code).toBe(2);
    expect((await phone(login, 'SELECT 1', await passwordOf('anna'))).code).toBe(0);
    await sql('blog', 'DROP TABLE posts, later');

    await sql('postgres', `CREATE ROLE wiki LOGIN PASSWORD 'theirs'`);
    await sql('postgres', 'CREATE DATABASE wiki');
    folder.write(
      'host.yaml',
      `hostwright: 1\nhost: attic\nconnect: { lab: ${LAB} }\nroles:\n  postgres: { databases: [{ name: blog, owner: anna, extensions: [pg_trgm] }, { name: wiki }], users: [report] }\n`,
    );
    const stopped = await call('apply', '--yes', '--no-check');
    expect(stopped.stdout + stopped.stderr).toContain('--adopt postgres-role:wiki');
    await apply('--adopt', 'postgres-role:wiki', '--adopt', 'postgres-database:wiki');
    const owner = `SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'wiki'`;
    expect(await sql('postgres', owner)).toBe('wiki');
    expect((await call('rollback', '--yes')).code).toBe(0);
    expect(await sql('postgres', owner)).toBe('postgres');
    expect(
      await sql('postgres', `SELECT rolpassword LIKE 'SCRAM%' FROM pg_authid WHERE rolname = 'wiki'`),
    ).toBe('t');
    const theirs = 'host=127.0.0.1 user=wiki dbname=postgres';
    expect((await on('box', `PGPASSWORD=theirs psql "${theirs}" -Atc 'SELECT 1'`)).text).toBe('1');
  });

  it('is taken off again, and its data is kept', async () => {
    await restoreSnapshot(LAB, 'start');
    const before = await manifestOf(LAB);
    hostFile('lan');
    await apply('--take-over');
    await phone('user=anna dbname=blog sslmode=require', 'CREATE TABLE t (a int)', await passwordOf('anna'));
    expect((await call('remove', 'postgres', '--yes')).code).toBe(0);
    expect(differences(before, await manifestOf(LAB))).toEqual([]);
    expect((await on('box', 'find /var/backups/hostwright -name PG_VERSION | head -n 1')).text).not.toBe('');
  });
});
