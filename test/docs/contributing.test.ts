import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The files of the guide: each code block under the path that its step names. */
function filesOfGuide(): Map<string, string> {
  const guide =
    readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8')
      .split('## How to add a recipe')[1]
      ?.split('\n## ')[0] ?? '';
  const files = new Map<string, string>();
  for (const step of guide.split(/^\d\. /m).slice(1)) {
    const path = /^`([^`]+\/[^`]+)`/.exec(step)?.[1];
    const code = /```\w+\n([\s\S]*?)```/.exec(step)?.[1];
    if (path && code) files.set(path, code.replaceAll(/^ {3}/gm, ''));
  }
  return files;
}

describe('the guide on how to add a recipe, followed to the letter', () => {
  let copy: string;
  const run = (...argv: string[]): string =>
    execFileSync(process.execPath, argv, {
      cwd: copy,
      encoding: 'utf8',
      env: { ...process.env, UPDATE_GOLDEN: '1', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'hostwright-guide-'));
    for (const part of [
      'src',
      'recipes',
      'templates',
      'scripts',
      'test',
      'bin',
      'bench',
      'docs',
      'package.json',
      'tsconfig.json',
      'vitest.config.ts',
    ]) {
      cpSync(join(ROOT, part), join(copy, part), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    for (const [path, text] of filesOfGuide()) {
      mkdirSync(dirname(join(copy, path)), { recursive: true });
      writeFileSync(join(copy, path), text);
    }
    run('node_modules/tsx/dist/cli.mjs', 'scripts/generate.ts');
  }, 300_000);
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it('names three files', () => {
    expect([...filesOfGuide().keys()]).toEqual([
      'recipes/motd/recipe.ts',
      'templates/motd/motd.hbs',
      'recipes/motd/cases/plain.yaml',
    ]);
  });

  it('gives a recipe that has the right types', () => {
    expect(run('node_modules/typescript/bin/tsc', '--noEmit', '-p', '.')).toBe('');
  }, 300_000);

  it('gives a recipe with a page', () => {
    run('node_modules/tsx/dist/cli.mjs', 'scripts/recipe-docs.ts');
    const page = readFileSync(join(copy, 'docs/recipes/motd.md'), 'utf8');
    expect(page).toContain('text: Be kind.');
    expect(page).toMatch(/\| `text` \| text \| \*\*needed\*\* \| What should it say\?/);
  });

  it('gives a recipe that the suites over the registry take, and a plan to read', () => {
    const output = run(
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project',
      'unit',
      '--reporter=verbose',
      'test/recipes',
      'test/compose',
    );
    expect(output).toContain('recipe motd');
    const plan = readFileSync(join(copy, 'recipes/motd/cases/plain.plan.txt'), 'utf8');
    expect(plan).toContain('file:/etc/motd.d/hostwright');
    expect(plan).toContain('Please be kind.');
  }, 300_000);

  it('gives a recipe that the command line offers', () => {
    run('node_modules/tsx/dist/cli.mjs', 'scripts/build.ts');
    expect(run('bin/hostwright.js', 'recipes', 'show', 'motd')).toContain('Welcome text');
  }, 300_000);
});
