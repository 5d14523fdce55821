import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { dumpProgram } from '../../src/compose/dumps/program.ts';
import { sh } from '../../src/quote.ts';

const NAME = /^\d{8}T\d{6}Z/;

let root: string;
let folder: string;
/** The databases of a server whose databases are files. */
let data: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hostwright dumps-'));
  [folder, data] = [join(root, "the role's"), join(root, 'data')];
  for (const one of [folder, data]) mkdirSync(one);
  write('blog', 'hello');
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (database: string, text: string): void => writeFileSync(join(data, database), text);
const read = (database: string): string => readFileSync(join(data, database), 'utf8');

function program(): string {
  const path = join(root, 'program');
  const text = dumpProgram({
    ...{
      role: 'db',
      title: 'Server',
      unit: 'server.service',
      folder,
      databases: ['blog', 'shop'],
      keepDays: 14,
    },
    functions: {
      ready: sh`[ ! -e ${join(root, 'down')} ]`,
      has: sh`[ -e ${data}/"$1" ]`,
      dump: sh`grep -q broken ${data}/"$1" && { echo 'it is broken' >&2; return 1; }
cp -- ${data}/"$1" "$2"`,
      dumpMore: sh`echo roles >"$1/globals.sql"`,
      restore: sh`[ ! -e ${join(root, 'refuse')} ] || { echo 'no room' >&2; return 1; }
case $2 in *before-restore*) ;; *) [ ! -e ${join(root, 'half')} ] || { : >${data}/"$1"; echo 'went away' >&2; return 2; } ;; esac
[ ! -e ${join(root, 'for-good')} ] || return 2
cp -- "$2" ${data}/"$1"`,
    },
  });
  writeFileSync(path, text, { mode: 0o755 });
  return path;
}

function run(...words: string[]) {
  const { status, stdout, stderr } = spawnSync('dash', [program(), ...words], { encoding: 'utf8' });
  // What it says of a database that is not there yet, which is no fault.
  return {
    status,
    stdout,
    stderr: stderr.replaceAll(/^There is no database \w+, so it is not in this dump\.\n/gm, ''),
  };
}

/** Makes a dump, which has to succeed. */
function dump(): string {
  const { status, stdout, stderr } = run('dump');
  expect([status, stderr]).toEqual([0, '']);
  return stdout.trim();
}

const dumps = (): string[] => readdirSync(folder).filter((name) => !name.startsWith('.'));

it('is a script that a strict shell understands', () => {
  execFileSync('dash', ['-n', program()]);
});

it('dumps every database that is there, and lists the newest first', () => {
  const first = dump();
  expect(first).toMatch(NAME);
  write('shop', 'x'.repeat(5000));
  const second = dump();
  expect(second > first).toBe(true);
  expect(readdirSync(join(folder, second)).sort()).toEqual(['blog.dump', 'globals.sql', 'shop.dump']);
  expect(run('list')).toEqual({
    ...{ status: 0, stderr: '' },
    stdout: `${second}\t5011\tblog shop \n${first}\t11\tblog \n`,
  });
});

it('keeps dumps to itself', () => {
  const name = dump();
  const modes = execFileSync('stat', ['-c', '%a', join(folder, name), join(folder, name, 'blog.dump')], {
    encoding: 'utf8',
  });
  expect(modes).toBe('700\n600\n');
});

it('puts a dump back, and what was there aside first', () => {
  const name = dump();
  write('blog', 'changed');
  write('shop', 'new');
  const { status, stdout } = run('restore', name);
  const [, safety = ''] = /^safety (\S+-before-restore)\nrestored blog\n$/.exec(stdout) ?? [];
  expect([status, read('blog'), read('shop')]).toEqual([0, 'hello', 'new']);
  expect(run('restore', safety).status).toBe(0);
  expect([read('blog'), read('shop')]).toEqual(['changed', 'new']);
});

it('puts a dump back where nothing is left to put aside', () => {
  const name = dump();
  rmSync(join(data, 'blog'));
  expect(run('restore', name)).toMatchObject({ status: 0, stdout: 'restored blog\n' });
  expect([read('blog'), dumps()]).toEqual(['hello', [name]]);
});

it('says which database could not be restored, and that it is as it was', () => {
  const name = dump();
  write('blog', 'changed');
  writeFileSync(join(root, 'refuse'), '');
  const { status, stderr } = run('restore', name);
  expect([status, read('blog')]).toEqual([1, 'changed']);
  expect(stderr).toBe(
    'no room\nThe database blog could not be restored, and is as it was; the reason is above.\n',
  );
});

it('makes a database what it was when a restore has stopped half way, or says that it is incomplete', () => {
  const name = dump();
  write('blog', 'changed');
  writeFileSync(join(root, 'half'), '');
  const { status, stderr } = run('restore', name);
  expect([status, read('blog')]).toEqual([1, 'changed']);
  expect(stderr).toMatch(/went away\nThe database blog could not be restored; it has been made what it was/);
  writeFileSync(join(root, 'for-good'), '');
  const lost = run('restore', name);
  expect([lost.status, lost.stderr]).toEqual([
    5,
    expect.stringMatching(/blog is INCOMPLETE.* dump \S+-before-restore\./),
  ]);
});

it('replaces what cannot be dumped on somebody’s word only', () => {
  const name = dump();
  write('blog', 'broken');
  expect(run('restore', name)).toMatchObject({ status: 6, stdout: '' });
  expect(read('blog')).toBe('broken');
  expect(run('restore', name, 'unsaved')).toMatchObject({ status: 0, stdout: 'restored blog\n' });
  expect(read('blog')).toBe('hello');
});

it('does not call it a success when there is nothing to restore', () => {
  write('shop', 'more');
  const name = dump();
  for (const database of ['blog', 'shop']) rmSync(join(folder, name, `${database}.dump`));
  const { status, stderr } = run('restore', name);
  expect([status, stderr]).toEqual([1, expect.stringContaining('Nothing was restored.')]);
});

it('leaves no half of a dump, and dumps the others', () => {
  write('shop', 'broken');
  const { status, stdout, stderr } = run('dump');
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(
    /^it is broken\nCould not be dumped: shop; .* The dump \S+ has the others. Older dumps stay.\n$/,
  );
  const [made = ''] = dumps();
  expect(readdirSync(join(folder, made)).sort()).toEqual(['blog.dump', 'globals.sql']);
  // Killed in the middle, by the next one's leave.
  mkdirSync(join(folder, '.part-20200101T000000Z'));
  write('shop', 'whole');
  dump();
  expect(readdirSync(folder).filter((name) => name.startsWith('.part'))).toEqual([]);
});

it.each([['dump'], ['nightly']])('makes no empty dump (%s)', (word) => {
  rmSync(join(data, 'blog'));
  expect(run(word)).toMatchObject({ status: 1, stderr: 'There is no database yet that could be dumped.\n' });
  expect(dumps()).toEqual([]);
});

it.each([['dump'], ['nightly'], ['restore']])('tells when the server does not answer (%s)', (word) => {
  const name = dump();
  writeFileSync(join(root, 'down'), '');
  expect(run(word, ...(word === 'restore' ? [name] : []))).toMatchObject({
    status: 4,
    stderr: 'Server does not answer. Is it running? systemctl status server.service\n',
  });
  expect(dumps()).toEqual([name]);
});

it('is one at a time', async () => {
  const holder = spawn('flock', [join(folder, '.lock'), 'sh', '-c', 'echo held; read -r _']);
  await once(holder.stdout, 'data');
  expect(run('dump')).toMatchObject({ status: 3, stderr: 'Another dump or restore is under way.\n' });
  holder.stdin.end('\n');
  await once(holder, 'close');
  dump();
});

it('deletes at night what is too old, and nothing else', () => {
  const age = (name: string, days: number): void => {
    const time = Date.now() / 1000 - days * 86_400;
    utimesSync(join(folder, name), time, time);
  };
  const old = ['20200101T000000Z', '20200102T000000Z-before-restore', '20200103T000000Z', 'mine', '20200104'];
  for (const name of old) mkdirSync(join(folder, name));
  for (const name of old) age(name, 14.1);
  age('20200103T000000Z', 13.9);
  const { status, stdout } = run('nightly');
  const [, made = ''] = /^Made (\S+)\n$/.exec(stdout) ?? [];
  expect(status).toBe(0);
  expect(dumps().sort()).toEqual(['20200103T000000Z', '20200104', 'mine', made].sort());
});

it('keeps the newest dump of a database that is gone, however old', () => {
  for (const [name, databases] of [
    ['20200101T000000Z', ['blog', 'shop']],
    ['20200102T000000Z', ['blog', 'shop']],
    ['20200103T000000Z', ['blog']],
  ] as const) {
    mkdirSync(join(folder, name));
    for (const database of databases) writeFileSync(join(folder, name, `${database}.dump`), 'x');
    utimesSync(join(folder, name), 0, 0);
  }
  expect(run('nightly').status).toBe(0);
  expect(dumps()).toHaveLength(2);
  expect(dumps()).toContain('20200102T000000Z');
});

it('keeps the old ones when there is no new one', () => {
  mkdirSync(join(folder, '20200101T000000Z'));
  utimesSync(join(folder, '20200101T000000Z'), 0, 0);
  write('blog', 'broken');
  expect(run('nightly').status).toBe(1);
  expect(dumps()).toEqual(['20200101T000000Z']);
});

it.each([[''], ['..'], ['.lock'], ['../data'], ['a b'], ['$(id)']])(
  'restores from no such place: %j',
  (name) => {
    expect(run('restore', name)).toMatchObject({ status: 1, stdout: '' });
  },
);

it('knows no other words', () => {
  expect(run('drop')).toMatchObject({
    status: 2,
    stderr: 'Usage: dump [NOTE] | nightly | list | restore NAME [unsaved]\n',
  });
  expect(run('dump', 'a b;c').status).toBe(1);
  expect(existsSync(join(folder, '.lock'))).toBe(false);
});
