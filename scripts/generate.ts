/**
 * Makes the registries from the folders: a recipe, resource kind, fact, probe or command is registered by being there.
 * The results are git-ignored. A file whose name is not a valid id fails the build.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const ID = /^[a-z][a-z0-9-]*$/;

function ids(folder: string, { except = [], nested }: { except?: string[]; nested?: string } = {}): string[] {
  const directory = join(root, folder);
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory, { withFileTypes: true })
    .filter((entry) =>
      nested
        ? entry.isDirectory() && existsSync(join(directory, entry.name, nested))
        : entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.generated.ts'),
    )
    .map((entry) => entry.name.replace(/\.ts$/, ''))
    .filter((name) => !except.includes(name))
    .sort();
  for (const name of names) {
    if (!ID.test(name))
      throw new Error(`${folder}/${name}: a name here is lower-case letters, digits and hyphens`);
  }
  return names;
}

function write(path: string, text: string): void {
  const target = join(root, path);
  const content = `// Made by scripts/generate.ts from the folders. Do not edit.\n${text}`;
  if (existsSync(target) && readFileSync(target, 'utf8') === content) return;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content);
}

const variable = (id: string): string =>
  id.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

function eager(path: string, folder: string, names: string[], exported: string, registry: string): void {
  const imports = names.map((id) => `import { ${exported} as ${variable(id)}_ } from '${folder}/${id}.ts';`);
  const entries = names.map((id) => `  '${id}': ${variable(id)}_,`);
  write(path, `${imports.join('\n')}\n\nexport const ${registry} = {\n${entries.join('\n')}\n} as const;\n`);
}

function lazy(path: string, names: string[], file: (id: string) => string, registry: string): void {
  const entries = names.map((id) => `  '${id}': () => import('${file(id)}'),`);
  write(path, `export const ${registry} = {\n${entries.join('\n')}\n} as const;\n`);
}

eager('src/facts/registry.generated.ts', './probes', ids('src/facts/probes'), 'fact', 'factProbes');
eager(
  'src/resources/registry.generated.ts',
  '.',
  ids('src/resources', { except: ['kind'] }),
  'kind',
  'kinds',
);
lazy(
  'src/compose/registry.generated.ts',
  ids('recipes', { nested: 'recipe.ts' }),
  (id) => `../../recipes/${id}/recipe.ts`,
  'builtInRecipes',
);
const kindNames = ids('src/resources', { except: ['kind'] });
write(
  'src/api/kinds.generated.ts',
  `${kindNames.map((id) => `import { kind as ${variable(id)}_ } from '../resources/${id}.ts';`).join('\n')}\n\nexport const kinds = {\n${kindNames.map((id) => `  '${id}': { of: ${variable(id)}_.of },`).join('\n')}\n} as const;\n`,
);
eager(
  'src/compose/quoting.generated.ts',
  './quoting',
  ids('src/compose/quoting', { except: ['format'] }),
  'helpers',
  'quotingFormats',
);
lazy('src/check/registry.generated.ts', ids('src/check/probes'), (id) => `./probes/${id}.ts`, 'probes');
lazy('src/cli/registry.generated.ts', ids('src/cli/commands'), (id) => `./commands/${id}.ts`, 'commands');
