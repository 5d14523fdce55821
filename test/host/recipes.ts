import { z } from 'zod';
import type { RecipeSource } from '../../src/compose/catalogue.ts';
import { cidr, domain, fileMode, folder, oneLine, port, userName } from '../../src/compose/inputs.ts';
import { defineRecipe, type Recipe } from '../../src/compose/recipe.ts';

const web = defineRecipe({
  title: 'Static website',
  summary: 'Serves a folder.',
  menu: 10,
  inputs: z.strictObject({
    source: folder().meta({ question: 'Which folder holds the pages?', help: 'It is uploaded as it is.' }),
    domain: domain().optional().meta({ question: 'Under which name?', example: 'blog.example.org' }),
    port: port().default(80),
    alone: z.boolean().default(false),
  }),
  endpoints: ({ input }) => [
    {
      name: 'http',
      protocol: 'tcp',
      port: input.port,
      ...(input.alone ? {} : { sharedBy: 'web' }),
      prove: { probe: 'http' },
    },
  ],
  resources: () => ({ resources: [] }),
});

const share = defineRecipe({
  title: 'File share',
  summary: 'Has inputs of every shape.',
  menu: 20,
  inputs: z.strictObject({
    users: z.array(userName()).min(1),
    folders: z.array(z.strictObject({ from: folder(), mode: fileMode().default('0644') })).default([]),
    from: z.record(z.string(), cidr()).default({}),
    kind: z.enum(['fast', 'safe']).default('safe'),
    login: z
      .union([z.literal('none'), z.strictObject({ user: userName(), note: oneLine() })])
      .default('none'),
    count: z.number().min(1).max(9).default(1),
  }),
  endpoints: () => [
    { name: 'control', protocol: 'tcp', port: 21, prove: { probe: 'tcp' } },
    { name: 'old', protocol: 'tcp', port: 8080, prove: { probe: 'tcp' } },
  ],
  resources: () => ({ resources: [] }),
});

const guard = defineRecipe({
  title: 'Firewall',
  summary: 'Serves nothing.',
  stage: 'guard',
  exposable: false,
  inputs: z.strictObject({}),
  resources: () => ({ resources: [] }),
});

const RECIPES: ReadonlyMap<string, Recipe> = new Map<string, Recipe>([
  ['firewall', guard],
  ['share', share],
  ['web', web],
]);

/** Three small recipes that between them have every shape of input. */
export const recipes: RecipeSource = {
  names: () => [...RECIPES.keys()],
  load: async (name) => RECIPES.get(name),
  templates: async (name) => new Map(name === 'web' ? [['server.conf', 'listen {{port}};']] : []),
};
