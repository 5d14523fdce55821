import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { type Finished, jsonLines, type WorkingFolder, workingFolder } from './support/hostwright.ts';
import { releasesOf } from './support/releases.ts';

const LAB = 'own-recipes-test';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const HOST = `hostwright: 1
host: attic
connect: { lab: ${LAB} }
roles:
  cellar: { recipe: note, text: "The backup disk is in the cellar." }
`;

/** In JavaScript, with what hostwright gives to recipes: a certificate, a secret in a file, dumps of what is in /srv/store. */
const STORE = `import { certificateFor, defineRecipe, dumps, kinds, sh, tlsInput, z } from 'hostwright';
const dumpsOf = (role) => ({ role, user: 'root', databases: ['app'] });
export default defineRecipe({
  title: 'Store',
  summary: 'Keeps something.',
  inputs: z.strictObject({ tls: tlsInput() }),
  backup: ({ role }) => dumps.backup(dumpsOf(role)),
  resources: (context) => {
    const tls = certificateFor(context, { group: 'root', service: 'ssh', action: 'reload' });
    const key = context.secret('key');
    return {
      resources: [
        ...tls.resources,
        kinds.directory.of({ path: '/srv/store' }),
        kinds.directory.of({ path: '/srv/store/app' }),
        kinds.file.of({
          path: '/srv/store/login', mode: '0600',
          content: context.secretTemplate('login', { key, role: context.role }),
        }),
        ...dumps.resources({
          ...dumpsOf(context.role), title: 'Store', unit: 'ssh.service', keepDays: 3,
          functions: {
            ready: sh${'`[ -d /srv/store ]`'},
            has: sh${'`[ -d "/srv/store/$1" ]`'},
            dump: sh${'`tar -C /srv/store -cf "$2" -- "$1"`'},
            restore: sh${'`tar -C /srv/store -xf "$2"`'},
          },
        }),
      ],
    };
  },
});
`;

let place: string;
let bin: string;
let ann: WorkingFolder;
let bob: WorkingFolder;

/** hostwright as it was installed from a package; the folder is HOME too, so each has trust of its own. */
function installed(folder: WorkingFolder, ...words: string[]): Finished {
  const { PATH = '' } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...words], {
    cwd: folder.path,
    env: { PATH, HOME: folder.path, NO_COLOR: '1' },
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
}

/** What an apply changed; throws when it did not come to its end. */
function applied(folder: WorkingFolder, ...words: string[]): unknown {
  const { stdout, stderr } = installed(folder, 'apply', '--yes', '--no-check', '--json', ...words);
  const last = jsonLines(stdout).at(-1);
  if (last?.event !== 'summary' || last.failed !== 0) throw new Error(`${stdout}\n${stderr}`);
  return last.changed;
}

const onBox = async (script: string): Promise<string> =>
  (await labCapture({ name: LAB, node: 'box', argv: ['sh', '-c', script] })).stdout;

const notes = () => onBox('cd /etc/hostwright-notes 2>/dev/null && grep -r . . | sort');

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'hostwright-installed-'));
  const npm = (cwd: string, ...words: string[]) =>
    execFileSync('npm', [...words, '--loglevel=error'], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  npm(ROOT, 'pack', '--pack-destination', place);
  const [tarball = ''] = readdirSync(place);
  npm(
    place,
    'install',
    '--prefer-offline',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    join(place, tarball),
  );
  bin = join(place, 'node_modules/hostwright/bin/hostwright.js');
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe.each(releasesOf('trixie'))(
  'a recipe of one’s own on %s, with an installed hostwright',
  (release) => {
    beforeAll(async () => {
      await labUp({ name: LAB, release, report: () => undefined });
      ann = workingFolder({ 'host.yaml': HOST, 'package.json': '{ "type": "commonjs" }' });
      bob = workingFolder();
    });
    afterAll(async () => {
      ann.remove();
      bob.remove();
      await labDown({ name: LAB, report: () => undefined });
    });

    it('is begun, known to an editor, linted and applied; a second apply changes nothing', async () => {
      expect(installed(ann, 'recipes', 'new', 'note').code).toBe(0);
      expect(installed(ann, 'recipes', 'lint').stdout).toContain('note: fine');
      // An editor's own compiler finds the types, and refuses what the types refuse.
      const types = () =>
        spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'recipes'], {
          cwd: ann.path,
          encoding: 'utf8',
        });
      expect(types().stdout).toBe('');
      const before = readFileSync(join(ann.path, 'recipes/note/recipe.ts'), 'utf8');
      ann.write('recipes/note/recipe.ts', before.replace('input.text', 'input.txet'));
      expect(types().stdout).toContain("'txet' does not exist");
      ann.write('recipes/note/recipe.ts', before);
      expect(applied(ann)).toBe(2);
      expect(await notes()).toContain('./cellar.txt:The backup disk is in the cellar.');
      expect(applied(ann)).toBe(0);
    });

    it('asks again once it has changed, touches nothing without an answer, and is taken back', async () => {
      const before = await notes();
      const path = 'recipes/note/recipe.ts';
      const text = readFileSync(join(ann.path, path), 'utf8');
      ann.write(
        'recipes/note/lib/shout.ts',
        'export const shout = (text: string): string => text.toUpperCase();\n',
      );
      ann.write(
        path,
        `import { shout } from './lib/shout.ts';\n${text.replace('text: input.text', 'text: shout(input.text)')}`,
      );
      const refused = installed(ann, 'apply', '--yes', '--no-check');
      expect(refused.code).toBe(2);
      expect(refused.stderr + refused.stdout).toMatch(
        /lib\/shout\.ts \(new\), recipe\.ts \(changed\)[\s\S]*--trust-recipes/,
      );
      expect(await notes()).toBe(before);
      expect(applied(ann, '--trust-recipes')).toBe(1);
      expect(await notes()).toContain('THE BACKUP DISK');
      expect(applied(ann)).toBe(0);
      expect(installed(ann, 'rollback', '--yes').code).toBe(0);
      expect(await notes()).toBe(before);
    });

    it('comes back from the host as it was applied, and does not run there before somebody lets it', async () => {
      expect(applied(ann)).toBe(1);
      const restored = installed(bob, 'init', '--from', 'lab', '--lab', LAB);
      expect(restored.stdout + restored.stderr).toContain('Recipes are programs');
      expect(restored.code).toBe(0);
      expect(readFileSync(join(bob.path, 'recipes/note/lib/shout.ts'), 'utf8')).toContain('toUpperCase');
      const refused = installed(bob, 'plan');
      expect(refused.code).toBe(2);
      expect(refused.stderr + refused.stdout).toContain('--trust-recipes');
      const plan = installed(bob, 'plan', '--json', '--trust-recipes');
      expect(JSON.parse(plan.stdout)).toMatchObject({ changes: [] });
    });

    it('has certificates, secrets and dumps as the built-in ones have them', async () => {
      ann.write('recipes/store/recipe.js', STORE);
      ann.write('recipes/store/templates/login.hbs', 'role={{bare role}}\nkey={{bare key}}\n');
      ann.write('recipes/store/cases/plain.yaml', 'about: it\nhost: { host: attic, roles: { store: {} } }\n');
      ann.write('host.yaml', `${HOST}  store: { expose: host }\n`);
      expect(installed(ann, 'recipes', 'lint', '--trust-recipes').stdout).toContain('store: fine');
      expect(applied(ann)).toBeGreaterThan(5);
      expect(applied(ann)).toBe(0);
      const { stdout: key } = installed(ann, 'secrets', 'show', 'store/key', '--yes');
      expect(await onBox('cat /srv/store/login')).toBe(`role=store\nkey=${key.trim()}\n`);
      expect(
        await onBox('openssl x509 -in /etc/ssl/hostwright/store/fullchain.pem -noout -ext subjectAltName'),
      ).toContain('DNS:attic');
      await onBox('echo mine > /srv/store/app/it');
      expect(installed(ann, 'db', 'dump', 'store').stdout).toMatch(/^Made \d{8}T\d{6}Z/m);
      await onBox('echo spoilt > /srv/store/app/it');
      const restored = installed(ann, 'db', 'restore', 'store', '--yes');
      expect(restored.code, restored.stderr + restored.stdout).toBe(0);
      expect(await onBox('cat /srv/store/app/it')).toBe('mine\n');
    });

    it('is removed with what it brought', async () => {
      for (const role of ['store', 'cellar']) {
        const { code, stdout, stderr } = installed(ann, 'remove', role, '--yes');
        expect(code, stdout + stderr).toBe(0);
      }
      expect(await onBox('ls -d /etc/hostwright-notes /etc/ssl/hostwright 2>/dev/null')).toBe('');
      // What is in it came since.
      expect(await onBox('cat /srv/store/app/it')).toBe('mine\n');
    });
  },
);
