import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { RecipeContext } from '../../src/compose/recipe.ts';
import { placeOf } from '../../src/own/failure.ts';
import type { OwnRecipe } from '../../src/own/find.ts';
import { guarded } from '../../src/own/guarded.ts';
import { resolveOwn } from '../../src/own/hooks.ts';
import { asRecipe } from '../../src/own/shape.ts';
import { whatChanged } from '../../src/own/what-changed.ts';
import { Secret } from '../../src/secrets/secret.ts';

const own: OwnRecipe = {
  name: 'site',
  folder: '/home/ann/attic/recipes/site',
  shown: 'recipes/site',
  entry: 'recipe.ts',
  files: new Map([['recipe.ts', '']]),
  digest: '',
};

const silent = {
  title: 'Site',
  summary: 'Mine.',
  inputs: z.strictObject({}),
  resources: () => ({ resources: [] }),
};
const context = {} as RecipeContext<Record<string, never>>;

describe('a recipe in the place of a built-in one', () => {
  it('says so in every plan', () => {
    expect(guarded(own, silent, true).resources(context).notes).toEqual([
      { level: 'info', text: expect.stringContaining('recipes/site, in the place of the one') },
    ]);
    expect(guarded(own, silent, false).resources(context).notes).toEqual([]);
  });
});

describe('a guarded recipe', () => {
  const KEY = new Secret('abc123');
  const templates = {
    ...own,
    files: new Map([['templates/login.hbs', 'user={{bare user}}\nkey={{bare key}}\n']]),
  };
  const rendering = (template: string) =>
    guarded(
      templates,
      {
        ...silent,
        resources: ({ secretTemplate }) => ({
          resources: [],
          notes: [{ level: 'info', text: secretTemplate(template, { user: 'ann', key: KEY }).reveal() }],
        }),
      },
      false,
    ).resources(context).notes;

  it('has its own templates for secrets too, and is told when one is missing', () => {
    expect(rendering('login')).toEqual([{ level: 'info', text: 'user=ann\nkey=abc123\n' }]);
    expect(() => rendering('logn')).toThrow('has no template ‘logn’');
  });

  it('says where its dumps are, or is told what is missing', () => {
    const where = { program: '/usr/local/bin/dump', user: 'app', folder: '/srv/dumps', databases: ['app'] };
    const asked = {
      role: 'app',
      host: 'attic',
      input: {},
      expose: 'lan' as const,
      folder: () => expect.unreachable(),
    };
    expect(guarded(own, { ...silent, backup: () => where }, false).backup?.(asked)).toEqual(where);
    const wrong = guarded(own, { ...silent, backup: () => ({ ...where, folder: 'dumps' }) }, false);
    expect(() => wrong.backup?.(asked)).toThrow(
      'backup() of the recipe ‘site’ does not return what it should',
    );
    expect(asRecipe(own, { default: { ...silent, backup: () => where } })).toHaveProperty('backup');
  });
});

describe('the place of an error', () => {
  it('is the innermost frame in the recipe, with its column', () => {
    const error = new Error('x');
    const file = 'file:///home/ann/attic/recipes/site';
    error.stack = `${file}/b.ts?hostwright=1-a:3
Error: x
    at of (file:///opt/hostwright/dist/a.js:1:2)
    at f (${file}/lib/b.ts?hostwright=1-a:7:9)
    at g (${file}/recipe.ts?hostwright=1-a:1:1)`;
    expect(placeOf(own, error)).toEqual({ file: 'recipes/site/lib/b.ts', line: 7, column: 9 });
  });
});

describe('imports of a recipe', () => {
  const modules = {
    root: 'file:///r/site/',
    mark: '?m',
    sources: { 'recipe.ts': '', 'lib/a.ts': '' },
    packages: { hostwright: 'file:///api.js', zod: 'file:///zod.js' },
  };
  const from = (specifier: string, parent = 'file:///r/site/recipe.ts?m') =>
    resolveOwn(modules, specifier, parent);

  it('are its own files, hostwright and zod', () => {
    expect(from('./lib/a.ts')).toBe('file:///r/site/lib/a.ts?m');
    expect(from('./lib/a.js')).toBe('file:///r/site/lib/a.ts?m');
    expect(from('../recipe.ts', 'file:///r/site/lib/a.ts?m')).toBe('file:///r/site/recipe.ts?m');
    expect(from('hostwright')).toBe('file:///api.js');
    for (const specifier of [
      '../other/recipe.ts',
      'lodash',
      '/etc/passwd',
      'constructor',
      './gone.ts',
      'https://x/',
    ])
      expect(() => from(specifier), specifier).toThrow('refuses');
  });

  it('of everything else are left to Node', () => {
    expect(from('lodash', 'file:///opt/x.js')).toBeUndefined();
    expect(from('hostwright', 'file:///r/site/recipe.ts')).toBeUndefined();
  });
});

describe('what changed in a recipe', () => {
  it('is told by file, with what is in it now', () => {
    const before = new Map([
      ['a', 'x\n'],
      ['b', 'x\n'],
      ['c', 'x\n'],
    ]);
    const files = new Map([
      ['a', 'x\n'],
      ['b', 'y\n'],
      ['d', 'z\n'],
    ]);
    expect(whatChanged(before, { files })).toMatchObject([
      { path: 'b', change: 'changed', diff: expect.stringContaining('+y') },
      { path: 'c', change: 'gone' },
      { path: 'd', change: 'new' },
    ]);
  });
});
