import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtInCatalogue } from '../../src/compose/catalogue.ts';
import { UserError } from '../../src/errors.ts';
import { loadHost } from '../../src/host/load.ts';
import { type InitOptions, init } from '../../src/wizard/init.ts';
import type { Prompts } from '../../src/wizard/prompts.ts';
import { recipes } from '../host/recipes.ts';
import { scripted } from './scripted.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hostwright-init-'));
});
afterEach(() => rm(directory, { recursive: true }));

const run = (options: Partial<InitOptions> = {}) =>
  init({ directory, sets: [], recipes, thisMachine: 'Desk.home.arpa', show: () => undefined, ...options });
const load = (source = recipes) => loadHost('host.yaml', { cwd: directory, recipes: source });

describe('.gitignore', () => {
  it('gets what is not for others, once, and keeps what is there', async () => {
    const path = join(directory, '.gitignore');
    await writeFile(path, 'node_modules\n*.local.yaml');
    await run({ sets: ['connect=local', 'web=yes', 'web.source=./pages'] });
    const text = await readFile(path, 'utf8');
    expect(text).toMatch(
      /^node_modules\n\*\.local\.yaml\n\n# hostwright: .*\n\/\.hostwright\/\*\n!\/\.hostwright\/schema\.json\n$/,
    );
    await rm(join(directory, 'host.yaml'));
    await run({ sets: ['connect=local', 'web=yes', 'web.source=./pages'] });
    expect(await readFile(path, 'utf8')).toBe(text);
  });
});

describe('on a terminal', () => {
  it('asks at most six questions for a site on another machine', async () => {
    const prompts = scripted('ssh', 'pi@attic.home.arpa', 'site', '', 'internet', '');
    const shown: string[] = [];
    const { text, folders } = await run({
      recipes: builtInCatalogue(),
      prompts,
      show: (shownText) => shown.push(shownText),
    });
    expect(prompts.asked).toHaveLength(6);
    expect(shown).toEqual([text]);
    expect(folders).toEqual(['./public']);
    const host = await load(builtInCatalogue());
    expect(host).toMatchObject({
      name: 'attic',
      connect: { kind: 'ssh', host: 'attic.home.arpa', user: 'pi' },
    });
    expect(host.roles.map(({ name, expose }) => [name, expose])).toEqual([
      ['site', 'internet'],
      ['firewall', 'host'],
      ['base', 'host'],
    ]);
    expect(text).toContain('  firewall: {}\n');
    expect(text).toContain('  base: {}\n');
    expect(host.folders.get('./public')?.files.map(({ path }) => path)).toEqual(['index.html']);
  });

  it.each([
    ['yes, all of it', ['firewall', 'base'], undefined],
    ['yes, all of it; it is a laptop that stays awake with its lid closed', ['firewall', 'base'], 'ignore'],
    ['only base', ['base'], undefined],
    ['no', [], undefined],
  ])('adds what guards the machine in one question: %s', async (choice, names, lid) => {
    const prompts = scripted();
    const select: Prompts['select'] = async ({ choices }) => {
      const chosen = choices.find(({ name }) => name === choice);
      if (!chosen) throw new Error(choices.map(({ name }) => name).join('\n'));
      return chosen.value;
    };
    const sets = ['connect=local', 'site.source=./public', 'site.domain=a.example', 'site.expose=lan'];
    await run({ recipes: builtInCatalogue(), prompts: { ...prompts, select }, sets });
    const { roles } = await load(builtInCatalogue());
    expect(roles.map(({ name }) => name)).toEqual(['site', ...names]);
    expect(roles.find(({ name }) => name === 'base')?.input.lid).toBe(lid);
  });

  it('asks only what has not been answered', async () => {
    const prompts = scripted('./pages', '', 'lan');
    await run({ prompts, sets: ['connect=local', 'web=yes'] });
    expect(prompts.asked).toEqual([
      'Which folder holds the pages?',
      'Under which name?',
      'Who may reach it?',
    ]);
    const host = await load();
    expect(host).toMatchObject({ name: 'desk', connect: { kind: 'local' } });
    expect(host.roles[0]?.input).toEqual({ source: './pages', port: 80, alone: false });
  });

  it('writes what is read again, with help for whoever edits it', async () => {
    const { text } = await run({ prompts: scripted('lab', 'web', './public', 'blog.example.org', '') });
    expect(text).toBe(`# yaml-language-server: $schema=./.hostwright/schema.json
# What this machine should be. See what would change: hostwright plan. Then do it: hostwright apply.
hostwright: 1
host: box

# How it is reached: local, lab, or { ssh: user@address }.
connect: lab

# What it should be.
roles:
  web:
    # Serves a folder.
    # It is uploaded as it is.
    source: ./public
    domain: blog.example.org
    # Who may reach it: host (only the machine itself), lan, or internet.
    expose: lan
`);
    expect(await readFile(join(directory, 'host.yaml'), 'utf8')).toBe(text);
    expect(await readdir(directory)).toEqual(['.gitignore', '.hostwright', 'host.yaml', 'public']);
    const schema = JSON.parse(await readFile(join(directory, '.hostwright/schema.json'), 'utf8'));
    expect(schema.$defs.web.properties.port).toMatchObject({ type: 'integer', default: 80, maximum: 65_535 });
  });
});

describe('without a terminal', () => {
  it('takes answers from --answers, then from --set', async () => {
    const answersFile = join(directory, 'answers.yaml');
    await writeFile(
      answersFile,
      'connect: { ssh: attic }\nblog: web\nblog.source: ./pages\nblog.port: 8080\nnetwork.lan: [10.8.0.0/24]\n',
    );
    await run({
      answersFile,
      sets: ['connect.ssh=pi@10.0.0.2', 'blog.port=81', 'host=attic', 'roles.blog.alone=yes'],
    });
    expect(await load()).toMatchObject({
      name: 'attic',
      connect: { kind: 'ssh', user: 'pi', host: '10.0.0.2' },
      network: { lan: ['10.8.0.0/24'] },
      roles: [
        { name: 'blog', recipe: 'web', expose: 'lan', input: { source: './pages', port: 81, alone: true } },
      ],
    });
  });

  it('adds the firewall and the basics, unless they are declined', async () => {
    await run({ recipes: builtInCatalogue(), sets: ['connect=lab', 'site=yes'] });
    expect((await load(builtInCatalogue())).roles.map(({ name }) => name)).toEqual([
      'site',
      'firewall',
      'base',
    ]);
    await rm(join(directory, 'host.yaml'));
    await run({ recipes: builtInCatalogue(), sets: ['connect=lab', 'site=yes', 'firewall=no', 'base=no'] });
    expect((await load(builtInCatalogue())).roles.map(({ name }) => name)).toEqual(['site']);
  });

  it('names every answer that is missing and how to give it', async () => {
    await expect(run({ sets: [] })).rejects.toThrow(
      new UserError([
        {
          message: 'an answer is missing: connect (which machine is it?)',
          hint: 'Give it with --set connect=pi@192.168.1.20',
        },
        {
          message: 'an answer is missing: roles (what should it be? there is: web, share)',
          hint: 'Give it with --set web=yes',
        },
      ]).message,
    );
    await expect(run({ sets: ['connect=lab', 'web=yes', 'share=yes'] })).rejects.toThrow(
      /^an answer is missing: web\.source \(Which folder holds the pages\?\)\n.*--set web\.source=….*\nan answer is missing: share\.users/s,
    );
    expect(await readdir(directory)).toEqual([]);
  });

  it.each([
    [['connect=locl', 'web.source=.'], 'connect: "locl" is not a way to connect'],
    [['connect=lab', 'web.source=.', 'web.port=http'], 'roles.web.port: a port number is expected, not text'],
    [
      ['connect=lab', 'web.source=.', 'web.prot=80'],
      'roles.web.prot is not a known key\n  Did you mean "port"?',
    ],
    [['connect=lab', 'blog=wbe'], 'roles.blog.recipe: there is no recipe "wbe"\n  Did you mean "web"?'],
    [
      ['connect=lab', 'a=web', 'a.source=.', 'a.alone=yes', 'b=web', 'b.source=.'],
      'port 80 (tcp) is already taken',
    ],
    [['connect'], '--set "connect" is no key=value'],
    [['a..b=1'], '"a..b" is not the key of an answer'],
  ])('refuses %j', async (sets, message) => {
    await expect(run({ sets })).rejects.toThrow(message);
    await expect(run({ sets })).rejects.toBeInstanceOf(UserError);
    expect(await readdir(directory)).toEqual([]);
  });

  it('never writes over a host file', async () => {
    await writeFile(join(directory, 'host.yaml'), 'mine');
    await expect(run({ sets: ['connect=lab', 'web.source=.'] })).rejects.toThrow(
      'there is already a host file',
    );
    expect(await readFile(join(directory, 'host.yaml'), 'utf8')).toBe('mine');
    expect(await readdir(directory)).toEqual(['host.yaml']);
  });

  it('leaves folders alone that are there', async () => {
    await mkdir(join(directory, 'public'));
    const { folders } = await run({ sets: ['connect=lab', 'web.source=./public'] });
    expect(folders).toEqual([]);
    expect(await readdir(join(directory, 'public'))).toEqual([]);
  });
});

it('whatever it accepts loads', async () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom(
      '',
      'a: b',
      '# x',
      '- x',
      '[1',
      '{',
      '"',
      "'",
      '&a',
      '*a',
      '!t',
      '|',
      '>',
      '%',
      '@',
      'null',
      'yes',
      '~',
      '0644',
      '1e3',
      'a #b',
      'a\nb',
      ' x ',
      '\u{1F600}',
      'é',
    ),
  );
  const often = (...values: string[]) => Array.from({ length: 5 }, () => fc.constantFrom(...values));
  const connect = fc.oneof(nasty, ...often('local', 'lab', 'pi@attic', 'ssh://[::1]:22'));
  const answers = fc.record({
    connect,
    host: fc.oneof(nasty, ...often('attic', 'bücher.example')),
    domain: fc.option(fc.oneof(nasty, ...often('a.example', 'bücher.example', 'null', '1e3.org'))),
    port: fc.option(fc.oneof(nasty, ...often('80', '8080', '080', '0'))),
    source: fc.oneof(
      nasty.map((text) => `./pages/${text.replaceAll(/[./]/g, '')}`),
      fc.constant('./public'),
    ),
    note: nasty,
  });
  let accepted = 0;
  const property = fc.asyncProperty(answers, async ({ connect: way, host, domain, port, source, note }) => {
    const sets = [
      ...[
        `connect=${way}`,
        `host=${host}`,
        `web.source=${source}`,
        'web.alone=yes',
        'share.users=family, guests',
      ],
      ...['share.login.user=family', `share.login.note=${note}`],
      ...(domain === null ? [] : [`web.domain=${domain}`]),
      ...(port === null ? [] : [`web.port=${port}`]),
    ];
    try {
      await run({ sets });
    } catch (error) {
      if (error instanceof UserError) return;
      throw error;
    }
    accepted += 1;
    const { roles } = await load();
    expect(roles[0]?.input).toMatchObject({ source });
    expect(roles[1]?.input).toMatchObject({ users: ['family', 'guests'], login: { user: 'family', note } });
    await rm(join(directory, 'host.yaml'));
  });
  await fc.assert(property, { numRuns: 150 });
  expect(accepted, 'enough of them are accepted').toBeGreaterThan(15);
});
