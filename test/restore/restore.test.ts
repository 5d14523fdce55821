import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Target } from '../../src/connect/connection.ts';
import { fact } from '../../src/facts/probes/applied.ts';
import { fingerprint } from '../../src/host/fingerprint.ts';
import { readOwnRecord } from '../../src/host/own-record.ts';
import type { Fetched } from '../../src/restore/fetch.ts';
import { restore } from '../../src/restore/restore.ts';
import { readTar } from '../../src/restore/tar.ts';
import { isWithin, writeBelow } from '../../src/restore/write.ts';
import { recipes } from '../host/recipes.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hostwright-restore-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

const ATTIC: Target = { kind: 'ssh', host: 'attic', user: 'pi', backend: 'auto', sudo: 'auto' };
const TEXT = 'host: attic\nconnect: { ssh: pi@attic }\nroles:\n  web: { source: ./public }\n';

const fetched = (more: Partial<Fetched> = {}): Fetched => ({
  ...{ text: TEXT, recipes: new Map(), specs: new Map(), trees: [] },
  ...more,
});

const page = (path: string) => ({ path, executable: false, content: Buffer.from('hello') });

describe('an archive from the host', () => {
  it('gives every regular file as it was, whatever its name and size, and nothing else', async () => {
    const from = await folder();
    const long = `${'deep/'.repeat(30)}${'n'.repeat(120)}`;
    const files: Record<string, string> = {
      'index.html': 'hello',
      empty: '',
      'exactly-a-block': 'x'.repeat(512),
      'a name with spaces/‹ü›.css': 'é'.repeat(3000),
      [long]: 'far down',
    };
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(from, path)), { recursive: true });
      await writeFile(join(from, path), content, { mode: path === 'empty' ? 0o755 : 0o644 });
    }
    await symlink('/etc/passwd', join(from, 'link'));
    const archive = execFileSync('tar', ['-C', from, '--format=posix', '-cf', '-', '.'], {
      maxBuffer: 1 << 24,
    });
    const read = [...readTar(archive)];
    const contents = Object.fromEntries(
      read.map(({ path, content }) => [path.replace(/^\.\//, ''), content.toString()]),
    );
    expect(contents).toEqual(files);
    expect(read.filter(({ executable }) => executable).map(({ path }) => path)).toEqual(['./empty']);
    expect(() => [...readTar(archive.subarray(0, archive.length - 11_000))]).toThrow('cut short');
  });
});

describe('what a host sends', () => {
  it.each([
    '../x',
    '/etc/x',
    'a/../../x',
    '',
    '.',
    'a//b',
    '.git/hooks/x',
    'a/.GIT/x',
    '.hostwright/x',
    'a\nb',
    'a\\b',
  ])('never leads out of the folder: %j', async (path) => {
    const into = await folder();
    expect(await writeBelow(into, [{ path, content: 'x' }])).toEqual({ made: 0, there: [], refused: [path] });
    expect(await readdir(into)).toEqual([]);
  });

  it('stays within for whatever path there is', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('..', '.', '', 'a', '.git', 'b c')), (parts) => {
        const path = parts.join('/');
        const inside = join('/base', path).startsWith('/base/');
        expect(!isWithin(path) || (inside && !path.includes('.git'))).toBe(true);
      }),
    );
  });

  it('is not understood rather than believed', () => {
    const hash = `${fingerprint('a')}  -\n`;
    expect(fact.parse('')).toEqual({});
    for (const strange of ['', '{', 'null', '{"v":2}', '{"v":1,"sha256":"x"}', '[]'])
      expect(fact.parse(hash + strange)).toEqual({ sha256: fingerprint('a') });
    const meta = { v: 1, hostwright: '1', when: '', by: 'a\u001b[2J\nb', folder: '/', file: 'host.yaml' };
    const whole = JSON.stringify({ ...meta, sha256: fingerprint('a'), ancestors: [], trees: [] });
    expect(fact.parse(hash + whole).meta?.by).toBe('a?[2J?b');
  });
});

describe('a folder that is had back', () => {
  it('has the host file, recipes and pages, and knows that they are its own', async () => {
    const into = join(await folder(), 'new');
    const restored = await restore(
      fetched({
        recipes: new Map([['wiki/recipe.ts', '// mine\n']]),
        trees: [{ source: 'public', at: '/var/www/web', size: 5, files: [page('index.html')] }],
      }),
      { directory: into, recipes: async () => recipes, target: ATTIC, from: 'pi@attic' },
    );
    expect(restored).toEqual({
      file: join(into, 'host.yaml'),
      folders: [
        { path: 'recipes', files: 1 },
        { path: 'public', files: 1 },
      ],
      there: [],
      missing: [],
    });
    expect(await readFile(join(into, 'host.yaml'), 'utf8')).toBe(TEXT);
    expect(await readFile(join(into, 'public/index.html'), 'utf8')).toBe('hello');
    expect(existsSync(join(into, '.hostwright/schema.json'))).toBe(true);
    expect(await readFile(join(into, '.gitignore'), 'utf8')).toContain('*.local.yaml');
    expect(await readOwnRecord(into)).toMatchObject([{ sha256: fingerprint(TEXT) }]);
    expect((await stat(join(into, '.hostwright/applied/host.yaml.json'))).mode & 0o777).toBe(0o600);
  });

  it('says what it lacks, and writes over nothing', async () => {
    const into = await folder();
    await mkdir(join(into, 'recipes'));
    await writeFile(join(into, 'recipes/mine.ts'), 'mine');
    const restored = await restore(
      fetched({
        recipes: new Map([
          ['mine.ts', 'theirs'],
          ['../evil.ts', 'x'],
        ]),
        trees: [
          { source: '../elsewhere', at: '/var/www/a', size: 5, files: [page('x')] },
          { source: 'big', at: '/var/www/b', size: 900_000_000 },
        ],
      }),
      { directory: into, recipes: async () => recipes, target: ATTIC, from: 'pi@attic' },
    );
    expect(restored.there).toEqual(['recipes/mine.ts']);
    expect(restored.missing).toEqual([
      '/var/www/a came from ../elsewhere: fetch it yourself.',
      '/var/www/b has 900 MB: copy it to big yourself, with rsync.',
      './public is named in the host file and is not here: put it back yourself.',
      'evil.ts has a name that is not written here.',
    ]);
    expect(await readFile(join(into, 'recipes/mine.ts'), 'utf8')).toBe('mine');
    expect(existsSync(join(into, '..', 'elsewhere'))).toBe(false);
    await expect(
      restore(fetched(), { directory: into, recipes: async () => recipes, target: ATTIC, from: 'pi@attic' }),
    ).rejects.toThrow('already a host file');
  });

  it.each<[Target, string, string | undefined]>([
    [ATTIC, 'pi@attic', undefined],
    [{ ...ATTIC, port: 2222 }, 'ssh://pi@attic:2222', 'connect: "ssh://pi@attic:2222"\n'],
    [{ kind: 'lab', name: 'mine', sudo: 'auto' }, 'lab', 'connect: { lab: mine }\n'],
    [{ kind: 'local', sudo: 'auto' }, 'local', 'connect: "local"\n'],
  ])('notes the way in, %j, where the host file says another', async (target, from, line) => {
    const into = await folder();
    const { local } = await restore(fetched(), {
      directory: into,
      recipes: async () => recipes,
      target,
      from,
    });
    if (line === undefined) expect(local).toBeUndefined();
    else expect(await readFile(join(into, 'host.local.yaml'), 'utf8')).toContain(line);
  });
});
