import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { hostwright, jsonLines, summaryOf, type WorkingFolder, workingFolder } from './support/hostwright.ts';

const LAB = 'memory-test';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const hostFile = (motd: string, more = ''): string => `host: attic
connect: { lab: ${LAB} }
roles:
  blog: { recipe: site, source: ./public }
  own:
    recipe: extras
    files:
      - { path: /etc/own.conf, content: "${motd}\\n" }
${more}`;

const onBox = async (script: string): Promise<string> => {
  const { code, stdout, stderr } = await labCapture({ name: LAB, node: 'box', argv: ['sh', '-c', script] });
  if (code !== 0) throw new Error(`${script}: ${code}\n${stderr}`);
  return stdout;
};

const git = (folder: WorkingFolder, ...words: string[]): string =>
  execFileSync('git', ['-C', folder.path, '-c', 'user.name=a', '-c', 'user.email=a@example.org', ...words], {
    encoding: 'utf8',
  });

const commit = (folder: WorkingFolder): void => {
  git(folder, 'add', '.');
  git(folder, 'commit', '-q', '-m', 'x');
};

const apply = (folder: WorkingFolder, ...words: string[]) =>
  hostwright(['apply', '--yes', '--no-check', '--json', ...words], folder.path);

const folders: WorkingFolder[] = [];
const newFolder = (files: Readonly<Record<string, string>> = {}): WorkingFolder => {
  const made = workingFolder(files);
  folders.push(made);
  return made;
};

let anna: WorkingFolder;

beforeAll(async () => {
  await labUp({ name: LAB, release: 'bookworm', report: () => undefined });
  anna = newFolder({
    'host.yaml': hostFile('one'),
    'public/index.html': '<title>Blog</title>hello',
    'public/a folder/naïve.css': 'h1 {}',
    'recipes/wiki/recipe.ts': '// mine\n',
    '.gitignore': '.hostwright/\n*.local.yaml\n',
  });
  writeFileSync(join(anna.path, 'public/run'), '#!/bin/sh\n', { mode: 0o755 });
  git(anna, 'init', '-q', '-b', 'main');
  commit(anna);
});
afterAll(async () => {
  for (const folder of folders) folder.remove();
  await labDown({ name: LAB, report: () => undefined });
});

describe('what a host remembers', () => {
  it('is the host file, the recipes and where they came from, for root alone; a converged apply writes nothing', async () => {
    const first = await apply(anna);
    expect(summaryOf(first), first.stderr).toMatchObject({ failed: 0, roundTrips: 3 });
    const applied = '/var/lib/hostwright/applied';
    expect(await onBox(`cat ${applied}/host.yaml`)).toBe(hostFile('one'));
    const meta = JSON.parse(await onBox(`cat ${applied}/meta.json`));
    expect(meta).toMatchObject({
      ...{ v: 1, hostwright: '0.1.0', folder: anna.path, file: 'host.yaml', ancestors: [] },
      git: { commit: git(anna, 'rev-parse', 'HEAD').trim(), branch: 'main', dirty: false },
      trees: [{ at: '/var/www/blog', source: 'public' }],
    });
    expect(await onBox(`stat -c '%a %U %F' ${applied} ${applied}/* | sort -u`)).toBe(
      '600 root regular file\n700 root directory\n',
    );
    const stamp = `find /var/lib/hostwright -printf '%p %T@\\n' | sort | sha256sum`;
    const before = await onBox(stamp);
    expect(summaryOf(await apply(anna))).toMatchObject({ run: null, changed: 0, roundTrips: 2 });
    expect(await onBox(stamp)).toBe(before);
  });

  it('lets one admin edit and apply as often as he likes, committed or not, without an exchange more', async () => {
    for (const text of ['two', 'three']) {
      anna.write('host.yaml', hostFile(text));
      expect(summaryOf(await apply(anna))).toMatchObject({ changed: 1, failed: 0, roundTrips: 3 });
    }
    const meta = JSON.parse(await onBox('cat /var/lib/hostwright/applied/meta.json'));
    expect(meta).toMatchObject({ ancestors: [expect.any(String), expect.any(String)], git: { dirty: true } });
    commit(anna);
  });
});

describe('two admins', () => {
  let ben: WorkingFolder;

  it('a fresh clone works without a word', async () => {
    ben = newFolder();
    git(ben, 'clone', '-q', anna.path, '.');
    const { code, stdout } = await hostwright(['plan', '--exit-code'], ben.path);
    expect(code).toBe(0);
    expect(stdout).not.toContain('does not have');
  });

  it('who lacks what another has applied is stopped before anything changes, and told what to do', async () => {
    anna.write('host.yaml', hostFile('four'));
    await apply(anna);
    ben.write('host.yaml', hostFile('bens'));
    const plan = await hostwright(['plan'], ben.path);
    expect(plan.stdout.replaceAll(/\s+/g, ' ')).toContain('from a host file that this folder does not have');
    const { code, stdout, stderr } = await apply(ben);
    expect(code).toBe(1);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ event: 'error', exitCode: 1 });
    for (const word of [anna.path, 'branch main', 'edits that were not committed', '--take-over', 'git pull'])
      expect(stderr).toContain(word);
    expect(stderr).toContain('content: "four');
    expect(stderr).toContain('init --from lab');
    expect(await onBox('cat /etc/own.conf')).toBe('four\n');
  });

  it('goes on once the work is pulled, and then it is the other one’s turn to pull', async () => {
    commit(anna);
    git(ben, 'checkout', '-q', '.');
    git(ben, 'pull', '-q');
    ben.write('host.yaml', hostFile('bens'));
    expect(summaryOf(await apply(ben))).toMatchObject({ changed: 1, failed: 0 });
    anna.write('host.yaml', hostFile('five'));
    expect((await apply(anna)).code).toBe(1);
    expect(summaryOf(await apply(anna, '--take-over'))).toMatchObject({ changed: 1, failed: 0 });
    expect(summaryOf(await apply(anna))).toMatchObject({ changed: 0 });
  });
});

describe('a folder that is lost', () => {
  it('comes back from the host, with its pages and recipes, and has nothing to change', async () => {
    const made = newFolder({ 'attic/public/index.html': 'mine' });
    await onBox('echo made there >/var/www/blog/foreign.txt; ln -s /etc /var/www/blog/link');
    const { code, stdout, stderr } = await hostwright(
      ['init', '--from', 'lab', '--lab', LAB, 'attic'],
      made.path,
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('attic/host.yaml');
    expect(stdout).toContain('public/index.html was there already');
    const folder = join(made.path, 'attic');
    const read = (path: string): string => readFileSync(join(folder, path), 'utf8');
    expect(read('host.yaml')).toBe(hostFile('five'));
    expect(read('recipes/wiki/recipe.ts')).toBe('// mine\n');
    expect(read('public/index.html')).toBe('mine');
    expect(existsSync(join(folder, 'public/foreign.txt'))).toBe(false);
    expect(existsSync(join(folder, 'host.local.yaml'))).toBe(false);

    rmSync(join(folder, 'host.yaml'));
    rmSync(join(folder, 'public'), { recursive: true });
    const again = await hostwright(['init', '--from', 'lab', '--lab', LAB, 'attic', '--json'], made.path);
    expect(jsonLines(again.stdout)).toMatchObject([
      { v: 1, folders: [{ path: 'public', files: 3 }], there: ['recipes/wiki/recipe.ts'], missing: [] },
    ]);
    expect(read('public/index.html')).toBe('<title>Blog</title>hello');
    expect(read('public/a folder/naïve.css')).toBe('h1 {}');
    const plan = await hostwright(['plan', '--exit-code'], folder);
    expect(plan.code, plan.stdout).toBe(0);
    // And it is at home there: what is edited now descends from what the host has.
    writeFileSync(join(folder, 'host.yaml'), hostFile('six'));
    const applied = await hostwright(['apply', '--yes', '--no-check', '--json'], folder);
    expect(summaryOf(applied), applied.stderr).toMatchObject({ changed: 1, failed: 0 });
    const over = await hostwright(['init', '--from', 'lab', '--lab', LAB, 'attic'], made.path);
    expect(over.code).toBe(2);
    expect(over.stderr).toContain('already a host file');
  });

  it('comes with the way to the host where the host file says another; each has a way of their own', async () => {
    const strange = hostFile('six').replace(`{ lab: ${LAB} }`, '{ ssh: pi@192.0.2.1 }');
    const carla = newFolder({ 'host.yaml': strange, 'host.local.yaml': `connect: { lab: ${LAB} }\n` });
    cpSync(join(anna.path, 'public'), join(carla.path, 'public'), { recursive: true });
    carla.write('host.yaml', strange.replace('six', 'seven'));
    const applied = await apply(carla, '--take-over');
    expect(summaryOf(applied), applied.stderr).toMatchObject({ changed: 1, failed: 0 });
    expect(jsonLines(applied.stdout)[0]).toMatchObject({
      event: 'connecting',
      target: 'the box of the lab (as host.local.yaml says)',
    });
    const back = newFolder();
    const { code, stdout, stderr } = await hostwright(['init', '--from', 'lab', '--lab', LAB], back.path);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('Wrote host.local.yaml');
    expect((await hostwright(['plan', '--exit-code'], back.path)).code).toBe(0);
  });
});

describe('a role that is taken off', () => {
  it('is out of the host file here and there alike, and nobody is stopped by that', async () => {
    anna.write('host.yaml', hostFile('last'));
    await apply(anna, '--take-over');
    const { code, stderr } = await hostwright(['remove', 'own', '--yes'], anna.path);
    expect(code, stderr).toBe(0);
    const kept = await onBox('cat /var/lib/hostwright/applied/host.yaml');
    expect(kept).toBe(readFileSync(join(anna.path, 'host.yaml'), 'utf8'));
    expect(kept).not.toContain('own.conf');
    anna.write('host.yaml', hostFile('again'));
    expect(summaryOf(await apply(anna))).toMatchObject({ changed: 1, failed: 0 });
  });
});

describe('after an upgrade', () => {
  it('the plan tells apart what the user, the new version and somebody on the host changed', async () => {
    const other = newFolder();
    for (const part of ['bin', 'dist', 'templates', 'package.json'])
      cpSync(join(ROOT, part), join(other.path, part), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(other.path, 'node_modules'));
    const edit = (file: string, change: (text: string) => string): void => {
      const path = join(other.path, file);
      const text = readFileSync(path, 'utf8');
      if (change(text) === text) throw new Error(`${file} is as it was`);
      writeFileSync(path, change(text));
    };
    edit('package.json', (text) => text.replace('"version": "0.1.0"', '"version": "0.2.0"'));
    edit('templates/site/server.conf.hbs', (text) => `${text}\n# A line that is new.\n`);

    const more = '      - { path: /etc/more.conf, content: "x\\n" }\n';
    anna.write('host.yaml', hostFile('eight', more));
    await apply(anna, '--take-over');
    await onBox('rm /etc/more.conf');
    anna.write('host.yaml', hostFile('nine', more));
    mkdirSync(join(other.path, 'home'));
    const plan = (...words: string[]) => {
      const words2 = [join(other.path, 'bin/hostwright.js'), 'plan', ...words];
      const env = { ...process.env, HOME: join(other.path, 'home'), NO_COLOR: '1' };
      return spawnSync(process.execPath, words2, { cwd: anna.path, env, encoding: 'utf8' });
    };
    const { stdout, stderr } = plan('--json');
    const [object] = jsonLines(stdout);
    expect(object?.upgrade, stderr).toEqual({ from: '0.1.0', to: '0.2.0' });
    const changes = object?.changes as { id: string; because: string }[];
    const reason = (id: RegExp) => changes.find((change) => id.test(change.id))?.because;
    expect(reason(/^file:\/etc\/own.conf/)).toBe('you');
    expect(reason(/^file:\/etc\/more.conf/)).toBe('drift');
    expect(reason(/^file:\/etc\/nginx/)).toBe('version');
    const text = plan().stdout;
    const titles = text.split('\n').filter((line) => line.startsWith('— '));
    expect(titles).toEqual([
      '— Changed by you —',
      '— New in hostwright 0.2.0 —',
      '— Changed on the host since —',
    ]);
    // The same version says nothing of the kind.
    const same = await hostwright(['plan', '--json'], anna.path);
    expect(jsonLines(same.stdout)[0]).not.toHaveProperty('upgrade');
  });
});
