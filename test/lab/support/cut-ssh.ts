/**
 * Applies, as the laptop of a lab, a firewall that lets nobody in: what a wrong rule would do. Its own established
 * connection lives on, as it would; only a new handshake shows the damage. Prints each event as a line of JSON.
 *
 *     cut-ssh.ts LAB
 */
import firewall from '../../../recipes/firewall/recipe.ts';
import { openSession } from '../../../src/apply/open-session.ts';
import { builtInCatalogue } from '../../../src/compose/catalogue.ts';
import type { Recipe, RecipeParts } from '../../../src/compose/recipe.ts';
import type { Host } from '../../../src/host/host.ts';
import type { Resource } from '../../../src/resources/kind.ts';

const lab = process.argv[2] ?? '';

function cut(resource: Resource): Resource {
  if (resource.kind !== 'ruleset') return resource;
  const spec = resource.spec as { rules: string };
  const rules = spec.rules.replaceAll(/^.*\bdport\b.*\baccept\b.*$/gm, '');
  if (rules === spec.rules) throw new Error('The rules have no port to cut.');
  return { ...resource, spec: { ...spec, rules } };
}

const definition: Recipe = {
  ...(firewall as Recipe),
  resources: (context): RecipeParts => {
    const parts = (firewall as Recipe).resources(context);
    return { ...parts, resources: parts.resources.map(cut) };
  },
};
const templates = await builtInCatalogue().templates('firewall');
const host: Host = {
  file: 'host.yaml',
  directory: process.cwd(),
  name: 'attic',
  connect: { kind: 'lab', name: lab, sudo: 'none' },
  network: { lan: [] },
  roles: [
    {
      name: 'firewall',
      recipe: 'firewall',
      definition,
      expose: 'lan',
      input: definition.inputs.parse({}),
      at: () => ({ file: 'host.yaml', line: 1, column: 1 }),
    },
  ],
  folders: new Map(),
  templates: new Map([...templates].map(([name, text]) => [`firewall/${name}`, text])),
};
const session = await openSession(host, {
  ask: {
    interactive: false,
    secret: () => Promise.reject(new Error('nobody is asked')),
    confirm: () => Promise.resolve(false),
  },
  listener: (event) => process.stdout.write(`${JSON.stringify({ ...event, plan: undefined })}\n`),
  adopt: [],
  onConflict: 'stop',
  closeUnlisted: false,
  owner: 'a test',
  attach: true,
  signal: new AbortController().signal,
});
const { failed } = await session.apply(await session.plan());
await session.close();
process.exitCode = failed > 0 ? 1 : 0;
