/**
 * Writes into docs/recipes/ what the recipes say of themselves: `npm run docs`. A page is prose with one part that is made,
 * between two marks: the table of its inputs, and its ports. A recipe without a page gets one to begin with.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { stringify } from 'yaml';
import { builtInCatalogue } from '../src/compose/catalogue.ts';
import { describeInputs, type InputRow } from '../src/compose/describe-inputs.ts';
import type { Endpoint, Recipe } from '../src/compose/recipe.ts';

const FOLDER = fileURLToPath(new URL('../docs/recipes', import.meta.url));
const BEGIN = '<!-- inputs: made by `npm run docs` from the recipe -->';
const END = '<!-- /inputs -->';
const MADE = new RegExp(`${BEGIN}[\\s\\S]*?${END}`);

/** The pages as they are to be, by their names in docs/recipes/. */
export async function recipePages(): Promise<ReadonlyMap<string, string>> {
  const catalogue = builtInCatalogue();
  const pages = new Map<string, string>();
  const index: string[] = [];
  for (const name of catalogue.names()) {
    const recipe = await catalogue.load(name);
    if (!recipe) throw new Error(`There is no recipe ${name}.`);
    const path = join(FOLDER, `${name}.md`);
    const page = existsSync(path) ? readFileSync(path, 'utf8') : firstPage(name, recipe);
    if (!MADE.test(page))
      throw new Error(`docs/recipes/${name}.md has no place for its inputs: ${BEGIN}${END}`);
    pages.set(
      `${name}.md`,
      page.replace(MADE, () => `${BEGIN}\n${reference(name, recipe)}\n${END}`),
    );
    index.push(`| [${name}](${name}.md) | ${recipe.title} | ${cell(recipe.summary)} |`);
  }
  return pages.set('README.md', indexPage(index));
}

function indexPage(lines: readonly string[]): string {
  return `<!-- Made by \`npm run docs\` from the recipes. Do not edit. -->
# The recipes

What a host can be. A role in a host file uses one of them by its name, or says \`recipe: NAME\` under a name of its own;
several roles may use the same. \`hostwright recipes show NAME\` tells the same as the pages here.

| recipe | | what it does |
| --- | --- | --- |
${lines.join('\n')}

[Together on one host](../several-roles.md) · [one of your own](../own-recipes.md)
`;
}

/** A page for a recipe that has none yet. */
function firstPage(name: string, { title, summary, inputs }: Recipe): string {
  const needed = describeInputs(inputs).filter(({ required, key }) => required && !key.includes('.'));
  const role = Object.fromEntries(needed.map(({ key, example }) => [key, example ?? '…']));
  const yaml = stringify({ roles: { [name]: role } }, { lineWidth: 0 });
  return `# ${title}\n\n\`\`\`yaml\n${yaml}\`\`\`\n\n${summary}\n\n${BEGIN}${END}\n`;
}

function reference(name: string, recipe: Recipe): string {
  const rows = describeInputs(recipe.inputs).map(
    ({ key, takes, required, fallback, question, help }: InputRow) =>
      `| \`${key}\` | ${cell(takes)} | ${required ? '**needed**' : fallback === undefined ? '' : `\`${cell(fallback)}\``} | ${cell([question, help].filter((part) => part !== undefined).join(' '))} |`,
  );
  const expose =
    recipe.exposable === false
      ? []
      : ['| `expose` | `host`, `lan`, `internet` | `lan` | Who may reach it. |'];
  return [
    '| key | takes | default | meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
    ...expose,
    ...ports(name, recipe),
  ].join('\n');
}

/** The ports of a role that says no more than it has to. */
function ports(name: string, { inputs, endpoints }: Recipe): readonly string[] {
  const needed = describeInputs(inputs).filter(({ required, key }) => required && !key.includes('.'));
  const input = inputs.parse(Object.fromEntries(needed.map(({ key, example }) => [key, example])));
  const found =
    endpoints?.({
      role: name,
      host: 'attic',
      input,
      expose: 'lan',
      folder: (path) => ({ path, files: [], skipped: [] }),
    }) ?? [];
  if (found.length === 0) return [];
  return ['', `Ports: ${found.map(port).join(', ')}.`];
}

function port({ name, protocol, port: first, lastPort, prove }: Endpoint): string {
  const range = lastPort === undefined ? `${first}` : `${first} to ${lastPort}`;
  return `\`${name}\` ${protocol} ${range}${prove ? ` (checked by the probe \`${prove.probe}\`)` : ''}`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [name, text] of await recipePages()) writeFileSync(join(FOLDER, name), text);
}
