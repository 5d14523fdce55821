import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commands } from '../../src/cli/registry.generated.ts';
import { folderWith, hostwright } from './hostwright.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const HOST_FILE = `hostwright: 1
host: attic
connect: { ssh: nobody@127.0.0.1:1 }
roles:
  blog: { recipe: site, source: ./public }
`;

const valid = { 'host.yaml': HOST_FILE, 'public/index.html': '<p>hello</p>' };

describe('--version', () => {
  it('prints the version of package.json and nothing else', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    expect(await hostwright(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    expect(await hostwright(['plan', '--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('is JSON with --json', async () => {
    const { stdout } = await hostwright(['--json', '--version']);
    expect(JSON.parse(stdout)).toEqual({ v: 1, version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });
});

describe('--help', () => {
  it('lists every command', async () => {
    const { code, stdout, stderr } = await hostwright(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of Object.keys(commands)) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    expect(stdout.split('\n').every((line) => line.length <= 80)).toBe(true);
  });

  it('names what one does first before the rest', async () => {
    const { stdout } = await hostwright(['--help']);
    const found = [...stdout.matchAll(/^ {2}(init|plan|apply|rehearse|lab) /gm)].map(([, name]) => name);
    expect(found).toEqual(['init', 'plan', 'apply', 'rehearse', 'lab']);
  });

  it('tells about a verb below a command, with examples', async () => {
    const { code, stdout } = await hostwright(['help', 'lab', 'exec']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: hostwright lab exec <node>/);
    expect(stdout).toContain('Examples:');
  });

  it('is the same as help', async () => {
    expect(await hostwright(['help'])).toEqual(await hostwright(['--help']));
  });

  it.each(Object.keys(commands))('%s: says what it does, with examples', async (name) => {
    const { code, stdout, stderr } = await hostwright([name, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: hostwright ${name}`);
    expect(stdout).toMatch(/^Examples:\n {2}hostwright /m);
  });

  it('goes to stderr with --json, because stdout is for data', async () => {
    const { code, stdout } = await hostwright(['--help', '--json']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });
});

describe('usage that makes no sense', () => {
  it.each([
    ['an unknown command', ['aply'], 'Did you mean `hostwright apply`?'],
    ['an unknown option', ['plan', '--conect', 'lab'], '--connect'],
    ['an unknown option alone', ['--bogus'], '--bogus'],
    ['a missing value', ['plan', '--connect'], '--connect'],
    ['a wrong choice', ['plan', '--on-conflict', 'maybe'], 'stop'],
    ['a wrong target', ['facts', '--connect', 'nowhere'], 'local, lab'],
    ['a wrong number', ['plan', '--jobs', 'many'], '--jobs'],
    ['a fingerprint that is none', ['plan', '--accept-host-key', 'a'], 'SHA256:'],
    ['a verb that is missing', ['lab'], 'up, down, status, exec, doctor'],
    ['too many words', ['recipes', 'list', 'all'], '`list` takes no more words'],
    ['a folder that is not there', ['plan', '--cwd', '/no/such/folder'], 'there is no such folder'],
    ['answers that are not there', ['init', '--answers', 'none.yaml'], '--answers: there is no file'],
    ['no host file', ['plan'], 'hostwright init'],
    ['no host file and no terminal', [], 'hostwright init'],
    ['an unknown recipe', ['recipes', 'show', 'sit'], 'site'],
    ['nothing to run', ['lab', 'exec', 'box'], '--'],
    ['a lab that does not run', ['lab', 'status', '--lab', 'no-such-lab'], 'hostwright lab up'],
  ])('%s: exit 2, a sentence, what to do', async (_, words, hint) => {
    const { code, stdout, stderr } = await hostwright(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(hint);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('reports several mistakes of a host file together, with line and column', async () => {
    const cwd = await folderWith({
      'host.yaml': 'hostwright: 1\nhost: attic\nconect: local\nroles:\n  a: { recipe: sit }\n',
    });
    const { code, stderr } = await hostwright(['plan'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/host\.yaml:3:1: /);
    expect(stderr).toMatch(/host\.yaml:5:\d+: /);
  });
});

describe('a host that cannot be reached', () => {
  it('is exit 4 with a sentence', async () => {
    const { code, stderr } = await hostwright(['plan'], { cwd: await folderWith(valid) });
    expect(code).toBe(4);
    expect(stderr).toContain('127.0.0.1');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('keeps another host from nothing, and the worst exit code counts', async () => {
    const broken = HOST_FILE.replace('attic', 'cellar');
    const cwd = await folderWith({ ...valid, 'other.yaml': broken });
    const { code, stderr, stdout } = await hostwright(['plan', 'host.yaml', 'other.yaml', '--json'], { cwd });
    expect(code).toBe(4);
    const objects = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(objects.map(({ v, event, host }) => ({ v, event, host }))).toEqual(
      expect.arrayContaining([
        { v: 1, event: 'error', host: 'attic' },
        { v: 1, event: 'error', host: 'cellar' },
      ]),
    );
    expect(stderr).toContain('cellar');
  });
});

describe('--json', () => {
  it.each([
    ['usage', ['aply', '--json'], 2, { kind: 'usage' }],
    ['connect', ['plan', '--json'], 4, { kind: 'connect', event: 'error' }],
  ])('an error is one object on stdout: %s', async (_, words, exitCode, part) => {
    const { code, stdout } = await hostwright(words, { cwd: await folderWith(valid) });
    expect(code).toBe(exitCode);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({ v: 1, exitCode, ...part });
  });

  it('problems of a host file carry line, column and hint', async () => {
    const cwd = await folderWith({ 'host.yaml': HOST_FILE.replace('roles:', 'rolls:') });
    const { stdout } = await hostwright(['plan', '--json'], { cwd });
    const { problems } = JSON.parse(stdout);
    expect(problems).toContainEqual(
      expect.objectContaining({
        file: 'host.yaml',
        line: 4,
        column: 1,
        hint: expect.stringContaining('roles'),
      }),
    );
  });

  it('data is nothing but JSON', async () => {
    const { code, stdout, stderr } = await hostwright(['recipes', 'list', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout).recipes.map(({ name }: { name: string }) => name)).toContain('site');
  });
});

describe('surroundings', () => {
  it('--cwd is where files are looked for', async () => {
    const cwd = await folderWith({ 'home/host.yaml': 'nonsense: true\n' });
    const { code, stderr } = await hostwright(['plan', '--cwd', 'home'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('host.yaml:1');
  });

  it('a saved plan that is damaged is told from a host file', async () => {
    const cwd = await folderWith({ 'a.plan': '{"hostwrightPlan": 99}' });
    const { code, stderr } = await hostwright(['apply', 'a.plan'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('plan --out');
  });

  it('no colour without a terminal, colour when forced, none with NO_COLOR', async () => {
    const colour = '\u001b[';
    expect((await hostwright(['aply'])).stderr).not.toContain(colour);
    expect((await hostwright(['aply'], { env: { FORCE_COLOR: '1' } })).stderr).toContain(colour);
    const both = { env: { FORCE_COLOR: '1', NO_COLOR: '1' } };
    expect((await hostwright(['aply'], both)).stderr).not.toContain(colour);
    expect((await hostwright(['aply', '--no-color'], { env: { FORCE_COLOR: '1' } })).stderr).not.toContain(
      escape,
    );
  });

  it('writes nothing into the folder or HOME for a plan that fails', async () => {
    const cwd = await folderWith(valid);
    await hostwright(['plan'], { cwd });
    expect((await readdir(cwd)).filter((name) => name !== '.cache').sort()).toEqual(['host.yaml', 'public']);
  });

  it('gives up on a host that accepts and says nothing', { timeout: 60_000 }, async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const { code, stderr } = await hostwright(['facts', '--connect', `ssh://nobody@127.0.0.1:${port}`]);
    expect(code).toBe(4);
    expect(stderr).toContain('127.0.0.1');
  });
});
