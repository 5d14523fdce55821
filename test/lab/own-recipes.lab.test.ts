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

const LAB = 'own-recipes-test';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const HOST = `hostwright: 1
host: attic
connect: { lab: ${LAB} }
roles:
  cellar: { recipe: note, text: "The backup disk is in the cellar." }
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

beforeAll(async () => {
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
  await labUp({ name: LAB, release: 'trixie', report: () => undefined });
  ann = workingFolder({ 'host.yaml': HOST, 'package.json': '{ "type": "commonjs" }' });
  bob = workingFolder();
});
afterAll(async () => {
  ann.remove();
  bob.remove();
  rmSync(place, { recursive: true, force: true });
  await labDown({ name: LAB, report: () => undefined });
});

describe('a recipe of one’s own, with hostwright installed from its package', () => {
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

  it('is removed with what it brought', async () => {
    ann.write('host.yaml', HOST);
    const { code, stdout, stderr } = installed(ann, 'remove', 'cellar', '--yes');
    expect(code, stdout + stderr).toBe(0);
    expect(await onBox('ls -d /etc/hostwright-notes 2>/dev/null')).toBe('');
  });
});
