import { describe, expect, it } from 'vitest';
import { builtInCatalogue } from '../../src/compose/catalogue.ts';
import { inputMeta } from '../../src/compose/input-meta.ts';
import { hostFileSchema } from '../../src/host/json-schema.ts';
import { ROLE_KEYS } from '../../src/host/schema.ts';

const catalogue = builtInCatalogue();

describe.each(catalogue.names())('the recipe %s', (name) => {
  it('loads, and its inputs leave room for the keys of every role', async () => {
    const recipe = await catalogue.load(name);
    expect(recipe?.title).toMatch(/\S/);
    // A recipe that speaks TLS says itself what tls may be.
    const taken = ROLE_KEYS.filter((key) => key !== 'tls');
    for (const key of taken) expect(Object.keys(recipe?.inputs.shape ?? {})).not.toContain(key);
  });

  it('says of each input what it is for', async () => {
    const recipe = await catalogue.load(name);
    for (const [key, schema] of Object.entries(recipe?.inputs.shape ?? {}))
      expect(inputMeta(schema).help, `help of ${key}`).toMatch(/\S/);
  });

  it('is part of the JSON schema', async () => {
    const { $defs } = await hostFileSchema(catalogue);
    expect($defs).toHaveProperty([name, 'properties', 'recipe'], { const: name });
  });
});

it('has templates by their name without .hbs', async () => {
  const templates = await catalogue.templates('site');
  expect(templates.get('server.conf')).toContain('server {');
});

it('has no recipe that only looks like one', async () => {
  for (const name of ['constructor', '__proto__', '', '../site', 'nosuch'])
    expect(await catalogue.load(name), name).toBeUndefined();
  expect(await catalogue.templates('nosuch')).toEqual(new Map());
});
