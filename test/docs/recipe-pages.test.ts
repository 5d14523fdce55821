import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { recipePages } from '../../scripts/recipe-docs.ts';
import { builtInCatalogue } from '../../src/compose/catalogue.ts';
import { describeInputs } from '../../src/compose/describe-inputs.ts';

const FOLDER = fileURLToPath(new URL('../../docs/recipes', import.meta.url));
const names = builtInCatalogue().names();

describe('docs/recipes', () => {
  it('has a page for each recipe, and the index', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(['README.md', ...names.map((name) => `${name}.md`)].sort());
  });

  it('says what the recipes say; if not: npm run docs', async () => {
    for (const [name, text] of await recipePages())
      expect(readFileSync(join(FOLDER, name), 'utf8'), name).toBe(text);
  });
});

describe('a recipe', () => {
  it.each(names)('%s explains each of its inputs', async (name) => {
    const recipe = await builtInCatalogue().load(name);
    const rows = recipe ? describeInputs(recipe.inputs) : [];
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter(({ help, question }) => !(help ?? question)).map(({ key }) => key)).toEqual([]);
    const needed = rows.filter(({ required, key }) => required && !key.includes('.'));
    expect(needed.filter(({ example }) => example === undefined).map(({ key }) => key)).toEqual([]);
  });
});
