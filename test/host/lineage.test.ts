import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Applied, AppliedMeta } from '../../src/facts/probes/applied.ts';
import { readCheckout } from '../../src/host/checkout.ts';
import { fingerprint } from '../../src/host/fingerprint.ts';
import { compareLineage, type Lineage } from '../../src/host/lineage.ts';
import { readOwnRecipes, recipesHash } from '../../src/host/own-recipes.ts';
import { addToOwnRecord } from '../../src/host/own-record.ts';

/** A host, as far as it remembers what was applied to it. */
class Remembering {
  text = '';
  applied: Applied = {};
}

/** An admin's folder. */
class Folder {
  readonly path: string;
  text = '';
  constructor(path: string) {
    this.path = path;
  }
  async write(text: string): Promise<void> {
    this.text = text;
    await writeFile(join(this.path, 'host.yaml'), text);
  }
  git(...words: string[]): string {
    const person = ['-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'commit.gpgsign=false'];
    return execFileSync('git', ['-C', this.path, ...person, ...words], { encoding: 'utf8', stdio: 'pipe' });
  }
  commit(): void {
    this.git('add', '.');
    this.git('commit', '-q', '--allow-empty', '-m', 'x');
  }
  async compare(host: Remembering): Promise<Lineage> {
    const recipes = recipesHash(await readOwnRecipes(this.path));
    const ours = { directory: this.path, file: 'host.yaml', text: this.text, recipes };
    return compareLineage(ours, host.applied, async () => host.text);
  }
  /** As `apply` does: refuses, or leaves its traces on both sides. */
  async apply(host: Remembering): Promise<Lineage> {
    const lineage = await this.compare(host);
    if (lineage.kind === 'held') await this.takeOver(host);
    return lineage;
  }
  async takeOver(host: Remembering): Promise<void> {
    const recipes = recipesHash(await readOwnRecipes(this.path));
    const git = await readCheckout(this.path);
    await addToOwnRecord(this.path, 'host.yaml', { text: this.text, ...(recipes ? { recipes } : {}) });
    const sha256 = fingerprint(this.text);
    const before = [host.applied.sha256, ...(host.applied.meta?.ancestors ?? [])];
    const meta: AppliedMeta = {
      ...{ v: 1, hostwright: '0.1.0', when: '2026-01-01T10:00:00.000Z', by: 'a@b', folder: this.path },
      ...{ file: 'host.yaml', sha256, trees: [] },
      ancestors: before.filter((hash): hash is string => hash !== undefined && hash !== sha256),
      ...(recipes ? { recipes } : {}),
      ...(git ? { git } : {}),
    };
    host.text = this.text;
    host.applied = { sha256, meta };
  }
}

async function folder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'hostwright-lineage-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return new Folder(path);
}

async function repository(): Promise<Folder> {
  const made = await folder();
  made.git('init', '-q', '-b', 'main');
  await writeFile(join(made.path, '.gitignore'), '.hostwright/\n');
  return made;
}

async function clone(from: Folder): Promise<Folder> {
  const made = await folder();
  made.git('clone', '-q', from.path, '.');
  made.text = from.git('show', 'HEAD:host.yaml');
  return made;
}

const HELD = { kind: 'held' };
const LACKING = { kind: 'lacking', what: 'host file' };

describe('without git', () => {
  it('never takes the work of one admin for somebody else’s, whatever is applied in whatever order', async () => {
    const texts = fc.array(fc.constantFrom('a: 1\n', 'a: 2\n', 'a: 1\nb: 1\n', ''), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(texts, async (versions) => {
        const [mine, host] = [
          new Folder(await mkdtemp(join(tmpdir(), 'hostwright-lineage-'))),
          new Remembering(),
        ];
        try {
          for (const text of versions) {
            await mine.write(text);
            expect(await mine.apply(host)).toEqual(HELD);
          }
        } finally {
          await rm(mine.path, { recursive: true });
        }
      }),
      { numRuns: 30 },
    );
  });

  it('stops the second admin who lacks what the first has applied, and says which one is older', async () => {
    const [anna, ben, host] = [await folder(), await folder(), new Remembering()];
    await anna.write('a: 1\n');
    await ben.write('a: 1\n');
    expect(await anna.apply(host)).toEqual(HELD);
    await anna.write('a: 2\n');
    expect(await anna.apply(host)).toEqual(HELD);
    expect(await ben.apply(host)).toMatchObject({ ...LACKING, older: true, text: 'a: 2\n' });
    await ben.write('b: 1\n');
    expect(await ben.apply(host)).toMatchObject({ ...LACKING, older: false });
    // With the first one's work in it there is nothing to lose.
    await ben.write('a: 2\n');
    expect(await ben.apply(host)).toEqual(HELD);
    // And now the first one is up to date as well, by her own record.
    await anna.write('a: 3\n');
    expect(await anna.apply(host)).toEqual(HELD);
  });

  it('stops whoever would undo what he never had, and nobody else, in any order', async () => {
    const moves = fc.array(fc.record({ who: fc.nat({ max: 1 }), edit: fc.boolean() }), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(moves, async (steps) => {
        const host = new Remembering();
        const admins = [await folder(), await folder()].map((admin) => ({ admin, had: new Set<string>() }));
        for (const [number, { who, edit }] of steps.entries()) {
          const one = admins[who];
          if (!one) throw new Error('there are two');
          if (edit || one.admin.text === '') await one.admin.write(`a: ${number}\n`);
          const expected = host.text === '' || host.text === one.admin.text || one.had.has(host.text);
          const { kind } = await one.admin.apply(host);
          expect(kind).toBe(expected ? 'held' : 'lacking');
          if (kind === 'lacking') await one.admin.takeOver(host);
          one.had.add(one.admin.text);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('stops the one who was overruled', async () => {
    const [anna, ben, host] = [await folder(), await folder(), new Remembering()];
    await anna.write('a: 1\n');
    await anna.apply(host);
    await ben.write('b: 1\n');
    await ben.takeOver(host);
    expect(await anna.compare(host)).toMatchObject({ ...LACKING, older: true });
  });

  it('knows a file that has all the changes of the other one, once both have a common past', async () => {
    const [anna, ben, host] = [await folder(), await folder(), new Remembering()];
    const lines = (...more: string[]): string =>
      ['one', 'two', 'three', 'four', 'five', ...more, ''].join('\n');
    await anna.write(lines());
    await anna.apply(host);
    await cp(anna.path, ben.path, { recursive: true });
    await anna.write(lines('six'));
    await anna.apply(host);
    await ben.write(`zero\n${lines()}`);
    expect(await ben.compare(host)).toMatchObject(LACKING);
    await ben.write(`zero\n${lines('six')}`);
    expect(await ben.compare(host)).toEqual(HELD);
  });

  it('tells recipes of one’s own apart as well', async () => {
    const [anna, ben, host] = [await folder(), await folder(), new Remembering()];
    for (const { path } of [anna, ben]) await mkdir(join(path, 'recipes', 'wiki'), { recursive: true });
    const recipe = (admin: Folder, text: string): Promise<void> =>
      writeFile(join(admin.path, 'recipes/wiki/recipe.ts'), text);
    await anna.write('a: 1\n');
    await ben.write('a: 1\n');
    await recipe(anna, '1');
    await recipe(ben, '2');
    await anna.apply(host);
    expect(await ben.apply(host)).toMatchObject({ kind: 'lacking', what: 'recipes' });
    await recipe(anna, '3');
    expect(await anna.apply(host)).toEqual(HELD);
  });
});

describe('with git', () => {
  it('a fresh clone of the same commit works without a word, and so does what is committed on top', async () => {
    const [anna, host] = [await repository(), new Remembering()];
    await anna.write('a: 1\n');
    anna.commit();
    await anna.apply(host);
    const fresh = await clone(anna);
    expect(await fresh.compare(host)).toEqual(HELD);
    await fresh.write('a: 2\n');
    expect(await fresh.compare(host)).toEqual(HELD);
    fresh.commit();
    await fresh.write('a: 3\n');
    expect(await fresh.apply(host)).toEqual(HELD);
  });

  it('stops a clone that has not pulled, until it has; also across a renamed host file', async () => {
    const [anna, host] = [await repository(), new Remembering()];
    await writeFile(join(anna.path, 'old.yaml'), 'a: 1\nb: 1\nc: 1\nd: 1\n');
    anna.commit();
    const ben = await clone(
      await anna.write('a: 1\nb: 1\nc: 1\nd: 1\n').then(() => {
        anna.git('mv', '-f', 'old.yaml', 'host.yaml');
        anna.commit();
        return anna;
      }),
    );
    await anna.write('a: 1\nb: 1\nc: 1\nd: 2\n');
    anna.commit();
    await anna.apply(host);
    expect(await ben.compare(host)).toMatchObject(LACKING);
    ben.git('pull', '-q');
    await ben.write('a: 1\nb: 2\nc: 1\nd: 1\n');
    expect(await ben.apply(host)).toEqual(HELD);
    // The other one has not got that.
    expect(await anna.compare(host)).toMatchObject(LACKING);
  });

  it('knows what was merged, though it was applied before it was committed', async () => {
    const [anna, host] = [await repository(), new Remembering()];
    const text = (first: string, last: string): string => `${first}\nb\nc\nd\ne\nf\n${last}\n`;
    await anna.write(text('a: 1', 'g: 1'));
    anna.commit();
    await anna.apply(host);
    const ben = await clone(anna);
    await anna.write(text('a: 2', 'g: 1'));
    await anna.apply(host);
    await ben.write(text('a: 1', 'g: 2'));
    expect(await ben.compare(host)).toMatchObject(LACKING);
    await anna.write(text('a: 2', 'g: 3'));
    anna.commit();
    ben.git('checkout', '-q', '.');
    ben.git('pull', '-q');
    ben.text = ben.git('show', 'HEAD:host.yaml');
    expect(await ben.compare(host)).toEqual(HELD);
  });

  it('does not mind other line ends, nor a history of many versions', async () => {
    const [anna, host] = [await repository(), new Remembering()];
    for (let version = 0; version < 12; version += 1) {
      await anna.write(`a: ${version}\n`);
      anna.commit();
      if (version === 3) await anna.apply(host);
    }
    const fresh = await clone(anna);
    expect(await fresh.compare(host)).toEqual(HELD);
    await fresh.write('a: 3\r\n');
    expect(await fresh.compare(host)).toEqual(HELD);
  });

  it('says which commit is checked out and whether it was edited; nothing where there is none', async () => {
    const anna = await repository();
    expect(await readCheckout(anna.path)).toBeUndefined();
    await anna.write('a: 1\n');
    anna.commit();
    const commit = anna.git('rev-parse', 'HEAD').trim();
    expect(await readCheckout(anna.path)).toEqual({ commit, branch: 'main', dirty: false });
    await anna.write('a: 2\n');
    expect(await readCheckout(anna.path)).toEqual({ commit, branch: 'main', dirty: true });
    anna.git('checkout', '-q', '--detach');
    expect(await readCheckout(anna.path)).toEqual({ commit, dirty: true });
    expect(await readCheckout('/')).toBeUndefined();
  });

  it('runs nothing that the repository names', async () => {
    const anna = await repository();
    await anna.write('a: 1\n');
    anna.commit();
    const canary = join(anna.path, 'canary');
    const program = join(anna.path, '.git', 'trap');
    await writeFile(program, `#!/bin/sh\ntouch ${canary}\n`, { mode: 0o755 });
    for (const key of ['core.fsmonitor', 'core.pager', 'diff.external', 'diff.x.command', 'diff.x.textconv'])
      anna.git('config', key, program);
    await writeFile(join(anna.path, '.gitattributes'), '*.yaml diff=x\n');
    for (const hook of ['post-index-change', 'reference-transaction'])
      await writeFile(join(anna.path, '.git/hooks', hook), `#!/bin/sh\ntouch ${canary}\n`, { mode: 0o755 });
    await anna.write('a: 2\n');
    const applied: Applied = { sha256: fingerprint('a: 1\n') };
    const host = Object.assign(new Remembering(), { applied, text: 'a: 1\n' });
    expect(await anna.compare(host)).toEqual(HELD);
    expect(await readCheckout(anna.path)).toMatchObject({ dirty: true });
    await expect(rm(canary)).rejects.toThrow('ENOENT');
  });
});
