import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builtInCatalogue } from '../../src/compose/catalogue.ts';
import { casesOfRecipe, planOfCase } from './cases.ts';

/** Host file and expected plan side by side, for every built-in recipe. `UPDATE_GOLDEN=1` writes the plans anew. */
describe.each(builtInCatalogue().names())('recipe %s', (recipe) => {
  const cases = casesOfRecipe(recipe);

  it('has cases', () => {
    expect(cases, `write recipes/${recipe}/cases/<case>.yaml (format: test/recipes/cases.ts)`).not.toEqual(
      [],
    );
  });

  it.each(cases)('$name: $about', async (example) => {
    const golden = `${example.path}.plan.txt`;
    const plan = await planOfCase(example);
    if (process.env.UPDATE_GOLDEN) writeFileSync(golden, plan);
    expect(existsSync(golden), `${golden} is missing: UPDATE_GOLDEN=1 writes it`).toBe(true);
    expect(plan).toBe(readFileSync(golden, 'utf8'));
  });
});
