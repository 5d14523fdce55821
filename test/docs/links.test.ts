import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { commands } from '../../src/cli/registry.generated.ts';
import { kinds } from '../../src/resources/registry.generated.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...['docs', 'docs/recipes', 'docs/decisions'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).flatMap((name) => (name.endsWith('.md') ? [`${folder}/${name}`] : [])),
  ),
];

/** A heading as it stands in a link to it. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

it.each(pages)('every link in %s leads somewhere', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
  const dead = links.flatMap(([, path = '', section]) => {
    const target = path === '' ? page : join(dirname(page), path);
    if (!existsSync(join(ROOT, target))) return [target];
    if (section === undefined) return [];
    const headings = [...read(target).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchor(heading));
    return headings.includes(section) ? [] : [`${target}#${section}`];
  });
  expect(dead).toEqual([]);
});

it('every page is found from the README, by three links at most', () => {
  const from = (page: string): string[] =>
    [...read(page).matchAll(/\]\(([^)#\s:]+\.md)/g)].map(([, path = '']) => join(dirname(page), path));
  const near = from('README.md');
  const found = new Set([...near, ...near.flatMap(from), ...near.flatMap(from).flatMap(from)]);
  const lost = pages.filter((page) => /^docs\/(?!decisions)/.test(page) && !found.has(page));
  expect(lost).toEqual([]);
});

it('every command is told of in docs/cli.md, every kind in docs/resources.md', () => {
  const cli = read('docs/cli.md');
  expect(Object.keys(commands).filter((name) => !cli.includes(`\`hostwright ${name}`))).toEqual([]);
  const resources = read('docs/resources.md');
  const told = (name: string) => resources.includes(`\`${name}\``) || resources.includes(`## ${name}`);
  expect(Object.keys(kinds).filter((name) => !told(name))).toEqual([]);
});
