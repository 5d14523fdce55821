/** One role with these inputs, composed for a bare machine, without reading any file of a user. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { builtInCatalogue } from '../../src/compose/catalogue.ts';
import type { OwnedResource } from '../../src/compose/collect.ts';
import { type Composition, compose } from '../../src/compose/compose.ts';
import type { Recipe } from '../../src/compose/recipe.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { factProbes } from '../../src/facts/registry.generated.ts';
import type { Folder } from '../../src/host/folder.ts';
import { kindOf } from '../../src/observe/observe.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { stateOfNothing } from '../resources/cases.ts';

/** A recipe with what rendering its templates needs. */
export interface Subject {
  readonly name: string;
  readonly recipe: Recipe;
  readonly templates: ReadonlyMap<string, string>;
}

/** Every recipe of the catalogue. */
export async function subjects(): Promise<readonly Subject[]> {
  const catalogue = builtInCatalogue();
  return Promise.all(
    catalogue.names().map(async (name): Promise<Subject> => {
      const recipe = await catalogue.load(name);
      if (!recipe) throw new Error(`There is no recipe ${name}`);
      const templates = await catalogue.templates(name);
      return {
        name,
        recipe,
        templates: new Map([...templates].map(([file, text]) => [`${name}/${file}`, text])),
      };
    }),
  );
}

/** What a bare machine answers. */
export function bareMachine(machine = 'bare-bookworm'): Facts {
  const file = new URL(`../fixtures/facts/${machine}.json`, import.meta.url);
  const printed = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(file, 'utf8')));
  const facts = Object.entries(factProbes).map(([name, probe]) => [name, probe.parse(printed[name] ?? '')]);
  return Object.fromEntries(facts) as Facts;
}

const SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** A folder with files of these names. */
export function folderOf(...names: readonly string[]): Folder {
  const files = [...names].sort().map((path) => ({ path, size: 0, sha256: SHA256, executable: false }));
  return { path: '/tmp/folder', files, skipped: [] };
}

/**
 * Composes the role.
 * @throws {UserError} when the recipe refuses its inputs
 */
export function composeRole(
  { name, recipe, templates }: Subject,
  input: Readonly<Record<string, unknown>>,
  facts: Facts,
  folder: Folder = folderOf('index.html'),
): Composition {
  return compose(
    {
      file: 'host.yaml',
      directory: '/tmp',
      name: 'attic',
      connect: { kind: 'local', sudo: 'none' },
      network: { lan: [] },
      roles: [
        {
          name: 'case',
          recipe: name,
          definition: recipe,
          expose: 'lan',
          input,
          at: () => ({ file: 'host.yaml', line: 3, column: 5 }),
        },
      ],
      folders: anyFolder(folder),
      templates,
    },
    facts,
    { closeUnlisted: false },
  );
}

/** Whatever path is asked for, it is this folder. */
function anyFolder(folder: Folder): ReadonlyMap<string, Folder> {
  const folders = new Map<string, Folder>();
  folders.get = () => folder;
  return folders;
}

/** The plan of these resources for a machine that has none of them. */
export function planOf(resources: readonly OwnedResource[]): Plan {
  const states = new Map(
    resources.map(({ resource }) => [resource.id, stateOfNothing(kindOf(resource.kind), resource.spec)]),
  );
  const adopt = [...states.keys()];
  return makePlan(
    'attic',
    { resources, endpoints: [], notes: [] },
    { states, remembered: new Map(), underway: new Set(), pending: [] },
    { adopt, onConflict: 'take' },
  );
}
