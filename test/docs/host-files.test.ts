import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { builtInCatalogue } from '../../src/compose/catalogue.ts';
import { type Composition, compose } from '../../src/compose/compose.ts';
import type { Host } from '../../src/host/host.ts';
import { loadHost } from '../../src/host/load.ts';
import { sampleMachines } from '../../src/own/lint/machines.ts';
import { folderWith } from '../cli/hostwright.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const recipes = builtInCatalogue();
const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampleExam';

/** What a host file comes to on a bare machine of each release. */
async function composed(host: Host): Promise<readonly Composition[]> {
  const machines = await sampleMachines();
  return machines.map((machine) => compose(host, machine.facts(), { closeUnlisted: false }));
}

/** Every example of a host file in a page: YAML with `roles` in it. */
function hostFilesOf(page: string): readonly string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].flatMap(([, code = '']) =>
    /^roles:$/m.test(code) ? [code.replaceAll('AAAA…', KEY)] : [],
  );
}

const pages = [
  'README.md',
  ...['docs', 'docs/recipes'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).flatMap((name) => (name.endsWith('.md') ? [`${folder}/${name}`] : [])),
  ),
].filter((page) => page !== 'docs/own-recipes.md' && hostFilesOf(page).length > 0);

describe('a folder in examples/', () => {
  it.each(readdirSync(join(ROOT, 'examples')))('%s can be had on both releases', async (name) => {
    const host = await loadHost('host.yaml', { cwd: join(ROOT, 'examples', name), recipes });
    for (const { resources, notes } of await composed(host)) {
      expect(resources.length).toBeGreaterThan(3);
      // What `base` warns of is the machine: its lid, and that nobody has logged in by key yet.
      const warnings = notes.filter(({ level, role }) => level === 'warning' && role !== 'base');
      expect(warnings).toEqual([]);
    }
  });

  it('shows every recipe somewhere', async () => {
    const hosts = await Promise.all(
      readdirSync(join(ROOT, 'examples')).map((name) =>
        loadHost('host.yaml', { cwd: join(ROOT, 'examples', name), recipes }),
      ),
    );
    const shown = hosts.flatMap(({ roles }) => roles.map(({ recipe }) => recipe));
    expect([...new Set(shown)].sort()).toEqual(recipes.names());
  });

  it('shows the names of its roles in the zone of a home', async () => {
    const host = await loadHost('host.yaml', { cwd: join(ROOT, 'examples/home-server'), recipes });
    const names = host.roles.flatMap(({ definition, input, expose, name: role }) => [
      ...(definition.names?.({ role, host: host.name, input, expose, folder: () => expect.unreachable() }) ??
        []),
    ]);
    const [first] = await composed(host);
    const zone = first?.resources.find(({ resource: { id } }) => id.endsWith('/db.home.arpa'))?.resource.spec;
    expect(names).toContain('media.home.arpa');
    for (const name of names)
      expect(zone).toHaveProperty('content', expect.stringContaining(String(name.split('.')[0])));
  });
});

describe('the host files in a page', () => {
  it.each(pages)('%s can be had', async (page) => {
    for (const text of hostFilesOf(page)) {
      const cwd = await folderWith({});
      const head = ['host: attic', 'connect: lab'].filter((line) => !text.includes(line.split(' ')[0] ?? ''));
      writeFileSync(join(cwd, 'host.yaml'), `${head.join('\n')}\n${text}`);
      mkdirSync(join(cwd, 'public'));
      writeFileSync(join(cwd, 'public/index.html'), 'Hello.\n');
      const host = await loadHost('host.yaml', { cwd, recipes });
      expect((await composed(host)).length, text).toBe(2);
    }
  });
});
