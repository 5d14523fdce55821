import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { folderWith, hostwright } from '../cli/hostwright.ts';

const GREET = `export const greet = (name: string): string => \`Hello, \${name}.\`;\n`;

/** A recipe of two files in TypeScript, with a template and a case. */
const recipe = (
  resources: string,
  more = '',
): string => `import { defineRecipe, inputs, kinds, z } from 'hostwright';
import { z as same } from 'zod';
import { greet } from './lib/greet.ts';
${more}
if (same !== z) throw new Error('there are two of zod');

export default defineRecipe({
  title: 'Greeting',
  summary: 'Greets.',
  exposable: false,
  inputs: z.strictObject({ name: inputs.text().default('you') }),
  resources: ({ role, input, template }) => ({
    resources: [${resources}],
  }),
});
`;

const FILE =
  "kinds.file.of({ path: `/etc/greet-${role}`, content: template('greet', { text: greet(input.name) }) })";

const FILES = {
  // Whatever the folder says of its own modules does not count for recipes.
  'package.json': '{ "type": "commonjs" }',
  'recipes/greet/recipe.ts': recipe(FILE),
  'recipes/greet/lib/greet.ts': GREET,
  'recipes/greet/templates/greet.hbs': '{{lines text}}\n',
  'recipes/greet/cases/plain.yaml':
    'about: one name\nhost: { host: attic, roles: { greet: { name: Ann } } }\n',
};

/** A recipe that has whatever hostwright gives to one: a certificate, a secret in a file, dumps. */
const STORE = `import { certificateFor, defineRecipe, dumps, inputs, kinds, sh, tlsInput, z } from 'hostwright';
import type { Backup, Dumps, RecipeContext } from 'hostwright';

const schema = z.strictObject({ user: inputs.oneLine(), tls: tlsInput(), dumps: dumps.input() });
const dumpsOf = (role: string): Dumps => ({ role, user: 'root', databases: ['store'] });

export default defineRecipe({
  title: 'Store',
  summary: 'Stores.',
  inputs: schema,
  endpoints: () => [{ name: 'store', protocol: 'tcp', port: 7000, prove: { probe: 'tcp' } }],
  backup: ({ role }): Backup => dumps.backup(dumpsOf(role)),
  resources: (context: RecipeContext<z.output<typeof schema>>) => {
    const tls = certificateFor(context, { group: 'root', service: 'store', action: 'restart' });
    return {
      resources: [
        ...tls.resources,
        kinds.directory.of({ path: '/etc/store' }),
        kinds.file.of({
          path: '/etc/store/login',
          content: context.secretTemplate('login', { user: context.input.user, key: context.secret('key') }),
          mode: '0600',
        }),
        kinds.file.of({ path: '/etc/store/tls', content: tls.certificate + ' ' + tls.key + '\\n' }),
        ...dumps.resources({
          ...dumpsOf(context.role),
          title: 'Store',
          unit: 'store.service',
          keepDays: context.input.dumps.keepDays,
          functions: {
            ready: sh\`[ -d /srv/store ]\`,
            has: sh\`[ -d "/srv/store/$1" ]\`,
            dump: sh\`tar -C /srv/store -cf "$2" "$1"\`,
            restore: sh\`tar -C /srv/store -xf "$2"\`,
          },
        }),
      ],
    };
  },
});
`;

/** The folder with one of its files written otherwise. */
const withFile = (path: string, text: string) => folderWith({ ...FILES, [`recipes/greet/${path}`]: text });

const TRUST = '--trust-recipes';

async function put(folder: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

describe('a recipe beside the host file', { timeout: 60_000 }, () => {
  it('loads as TypeScript of several files, with the running hostwright and zod, in a CommonJS folder', async () => {
    const cwd = await folderWith(FILES);
    const { code, stdout, stderr } = await hostwright(['recipes', 'lint', TRUST], { cwd });
    expect(stderr).toBe('');
    expect(stdout).toContain('greet: fine');
    expect(code).toBe(0);
    const shown = await hostwright(['recipes', 'show', 'greet', '--json'], { cwd });
    expect(JSON.parse(shown.stdout)).toMatchObject({
      name: 'greet',
      from: 'recipes/greet',
      inputs: { properties: { name: { default: 'you' } } },
    });
    const { stdout: schema } = await hostwright(['schema'], { cwd });
    expect(JSON.parse(schema).$defs.greet.properties).toHaveProperty('name');
  });

  it('loads as JavaScript', async () => {
    const cwd = await folderWith({
      'recipes/plain/recipe.js': `import { kinds, z } from 'hostwright';
import { path } from './path.js';
export default { title: 'Plain', summary: 'It is.', inputs: z.strictObject({}), exposable: false,
  resources: () => ({ resources: [kinds.directory.of({ path })] }) };`,
      'recipes/plain/path.js': `export const path = '/etc/plain';`,
      'recipes/plain/cases/a.yaml': 'about: it\nhost: { host: attic, roles: { plain: {} } }\n',
    });
    const { code, stdout } = await hostwright(['recipes', 'lint', TRUST], { cwd });
    expect(stdout).toContain('plain: fine');
    expect(code).toBe(0);
  });

  it('has certificates, secrets and dumps as the built-in ones have them', async () => {
    const cwd = await folderWith({
      'recipes/store/recipe.ts': STORE,
      'recipes/store/templates/login.hbs': 'user={{bare user}}\nkey={{bare key}}\n',
      'recipes/store/cases/a.yaml': 'about: it\nhost: { host: attic, roles: { store: { user: ann } } }\n',
    });
    const linted = await hostwright(['recipes', 'lint', TRUST], { cwd });
    expect(linted.stderr).toBe('');
    expect(linted.stdout).toContain('store: fine');
    // Lint sees into texts that hold secrets, and into backup().
    await put(cwd, 'recipes/store/recipe.ts', STORE.replace('inputs.oneLine()', 'z.string()'));
    await put(cwd, 'recipes/store/templates/login.hbs', 'user={{lines user}}\nkey={{bare key}}\n');
    const loose = await hostwright(['recipes', 'lint', TRUST], { cwd });
    expect(loose.stderr + loose.stdout).toContain('writes lines of its own into file:/etc/store/login');
    await put(
      cwd,
      'recipes/store/recipe.ts',
      STORE.replace('dumps.backup(dumpsOf(role))', "({ ...dumps.backup(dumpsOf(role)), folder: '' })"),
    );
    const astray = await hostwright(['recipes', 'lint', TRUST], { cwd });
    expect(astray.stdout).toContain('backup() of the recipe ‘store’ does not return what it should: folder:');
    expect(astray.code).toBe(2);
  });

  it('runs only once somebody has said so, and asks again when any file of it changed', async () => {
    const ran = 'process.stderr.write("it ran\\n");';
    const cwd = await withFile('recipe.ts', recipe(FILE, ran));
    const show = ['recipes', 'show', 'greet'];
    const first = await hostwright(show, { cwd });
    expect(first.code).toBe(2);
    expect(first.stderr).toContain('has not run here before');
    expect(first.stderr).toContain('--trust-recipes');
    expect(first.stderr).toContain('lib/greet.ts (1 lines)');
    expect(first.stderr).not.toContain('it ran');
    const listed = await hostwright(['recipes', 'list'], { cwd });
    expect(listed.stdout).toContain('nobody has let run here yet');
    expect(listed.stderr).not.toContain('it ran');
    expect((await hostwright([...show, TRUST], { cwd })).stderr).toContain('it ran');
    expect((await hostwright(show, { cwd })).code).toBe(0);
    await put(cwd, 'recipes/greet/lib/greet.ts', `${GREET}// changed by a pull\n`);
    await put(cwd, 'recipes/greet/lib/more.ts', '');
    const changed = await hostwright(show, { cwd });
    expect(changed.code).toBe(2);
    expect(changed.stderr).toContain('lib/greet.ts (changed), lib/more.ts (new)');
    expect(changed.stderr).not.toContain('it ran');
    // What was trusted once may come back.
    await put(cwd, 'recipes/greet/lib/greet.ts', GREET);
    await rm(join(cwd, 'recipes/greet/lib/more.ts'));
    expect((await hostwright(show, { cwd })).code).toBe(0);
  });

  it('believes no record of trust that does not fit its files, and none in the project', async () => {
    const cwd = await folderWith(FILES);
    const state = { XDG_STATE_HOME: join(cwd, 'state') };
    await hostwright(['recipes', 'show', 'greet', TRUST], { cwd, env: state });
    expect((await hostwright(['recipes', 'show', 'greet'], { cwd, env: state })).code).toBe(0);
    expect((await hostwright(['recipes', 'show', 'greet'], { cwd })).code).toBe(2);
  });

  it('begins with `recipes new`, which may run at once, passes lint and is left alone by a second one', async () => {
    const cwd = await folderWith({});
    const made = await hostwright(['recipes', 'new', 'note'], { cwd });
    expect(made.stderr).toBe('');
    expect(made.code).toBe(0);
    const linted = await hostwright(['recipes', 'lint', 'note'], { cwd });
    expect(linted.stdout).toContain('note: fine');
    expect(linted.code).toBe(0);
    const config = JSON.parse(await readFile(join(cwd, 'recipes/tsconfig.json'), 'utf8'));
    for (const [path] of Object.values<string[]>(config.compilerOptions.paths))
      expect(await readFile(join(cwd, 'recipes', path ?? ''), 'utf8')).toContain('export * from "/');
    expect((await hostwright(['recipes', 'new', 'note'], { cwd })).code).toBe(2);
    expect((await hostwright(['recipes', 'new', '../up'], { cwd })).stderr).toContain('not a name');
  });

  it('is no built-in recipe in a checkout of hostwright', async () => {
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const { stdout, code } = await hostwright(['recipes', 'show', 'site'], { cwd });
    expect(stdout).toContain('Static website');
    expect(code).toBe(0);
    expect((await hostwright(['recipes', 'new', 'mine'], { cwd })).code).toBe(2);
  });

  it('may stand in the place of a built-in one, which is said', async () => {
    const cwd = await folderWith({});
    const { stdout } = await hostwright(['recipes', 'new', 'site'], { cwd });
    expect(stdout).toContain('in the place of the one that comes with hostwright');
    expect((await hostwright(['recipes', 'list'], { cwd })).stdout).toMatch(
      /site .*recipes\/site, in the place/,
    );
  });
});

/** What is wrong, where it is told, and in what words. */
const MISTAKES: readonly (readonly [about: string, path: string, text: string, told: RegExp])[] = [
  [
    'syntax',
    'recipe.ts',
    recipe(FILE, 'const a: = 1;'),
    /^recipes\/greet\/recipe\.ts:4:10: Unexpected token/m,
  ],
  [
    'syntax in another file',
    'lib/greet.ts',
    'export const greet = (;',
    /^recipes\/greet\/lib\/greet\.ts:1:23: /m,
  ],
  ['an enum', 'recipe.ts', recipe(FILE, 'enum A { B }'), /recipe\.ts:4:1: TypeScript enum is not supported/],
  [
    'an import of nothing',
    'recipe.ts',
    recipe(FILE, "import './gone.ts';"),
    /recipe\.ts:4:9: ‘\.\/gone\.ts’ cannot be imported/,
  ],
  [
    'an import from outside',
    'recipe.ts',
    recipe(FILE, "import '../../secret.ts';"),
    /recipe\.ts:4:9: .*cannot be imported/,
  ],
  ['a package', 'recipe.ts', recipe(FILE, "import 'lodash';"), /recipe\.ts:4:9: ‘lodash’ cannot be imported/],
  ['a missing export', 'lib/greet.ts', 'export const other = 1;', /recipe\.ts:3: .*export named 'greet'/],
  [
    'a throw',
    'recipe.ts',
    recipe(FILE, "throw new Error('no luck');"),
    /recipe\.ts:4:7: .*while it was loaded: no luck/,
  ],
  [
    'a throw in a function',
    'recipe.ts',
    recipe('(() => { throw new TypeError("oh"); })()'),
    /recipe\.ts:13:\d+: .*in resources\(\): oh/,
  ],
  [
    'a wrong spec',
    'recipe.ts',
    recipe("kinds.file.of({ path: 'relative', content: '' })"),
    /recipe\.ts:13:\d+: path: .*absolute path/,
  ],
  [
    'what is no resource',
    'recipe.ts',
    recipe('{}'),
    /recipe\.ts:\d+:\d+: resources\(\) of .*resources: 0: this is not made by a kind/,
  ],
  ['no export', 'recipe.ts', 'export const a = 1;', /recipe\.ts: it exports no recipe/],
  [
    'an unknown key',
    'recipe.ts',
    recipe(FILE).replace('summary', 'sumary'),
    /recipe\.ts:9:3: sumary: a recipe has no such key\n {2}Did you mean "summary"/,
  ],
  [
    'a template that is not there',
    'recipe.ts',
    recipe(FILE).replace("template('greet'", "template('gret'"),
    /recipe\.ts:\d+:\d+: .*no template ‘gret’/,
  ],
  ['a template with a hole', 'templates/greet.hbs', '{{{text}}}', /recipes\/greet\/templates\/greet\.hbs:1/],
  [
    'a promise',
    'recipe.ts',
    recipe(FILE).replace('resources: ({', 'resources: async ({'),
    /returns a promise/,
  ],
  [
    'the time',
    'recipe.ts',
    recipe("kinds.file.of({ path: '/etc/now', content: String(new Date().getFullYear()) })"),
    /the same inputs do not give the same result twice: file:\/etc\/now/,
  ],
  [
    'chance',
    'recipe.ts',
    recipe("kinds.file.of({ path: '/etc/now', content: String(Math.random()) })"),
    /the same result twice/,
  ],
  [
    'text in a script',
    'recipe.ts',
    recipe("kinds.command.of({ name: 'x', run: ['sh', '-c', `echo ${input.name}`], creates: '/x' })"),
    /input name, set to .*becomes part of a script/,
  ],
  [
    'text in quotes',
    'recipe.ts',
    recipe('kinds.file.of({ path: \'/etc/x\', content: `a = "${input.name}"\\n` })'),
    /ends the quoted text/,
  ],
  [
    'lines of its own',
    'recipe.ts',
    recipe("kinds.file.of({ path: '/etc/x', content: `a = ${input.name}\\n` })").replace(
      'inputs.text()',
      'z.string()',
    ),
    /writes lines of its own into file:\/etc\/x/,
  ],
  ['the file system', 'recipe.ts', recipe(FILE, "import 'node:fs';"), /recipe\.ts:4:9: it uses node:fs/],
  ['a case that is none', 'cases/plain.yaml', 'about: x\n', /cases\/plain\.yaml: host: /],
  [
    'a case with a mistake',
    'cases/plain.yaml',
    'about: x\nhost: { host: attic, roles: { greet: { nam: x } } }\n',
    /cases\/plain\.yaml: its host file: .*nam/,
  ],
];

describe('a mistake in a recipe', { timeout: 60_000 }, () => {
  it.each(MISTAKES)('is told with its place: %s', async (_, path, text, told) => {
    const cwd = await withFile(path, text);
    const { code, stdout, stderr } = await hostwright(['recipes', 'lint', TRUST], { cwd });
    expect(`${stdout}${stderr}`).toMatch(told);
    expect(`${stdout}${stderr}`).not.toMatch(/bug in hostwright/);
    expect(code).toBe(2);
  });

  it.each([
    ['waits for ever', recipe(FILE, 'await new Promise(() => {});')],
    ['loops for ever', recipe('(() => { for (;;) { role; } })()')],
  ])(
    'is told when the recipe %s',
    async (_, text) => {
      const cwd = await withFile('recipe.ts', text);
      const { code, stdout, stderr } = await hostwright(['recipes', 'lint', TRUST], { cwd });
      expect(`${stdout}${stderr}`).toContain('recipes/greet/recipe.ts: the recipe does not come to an end');
      expect(code).toBe(2);
    },
    60_000,
  );
});
