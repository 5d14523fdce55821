import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostError } from '../../src/errors.ts';
import { hashFolder, listFolder } from '../../src/host/folder-scan.ts';
import type { Choice } from '../../src/resources/kind.ts';
import { kind as tree } from '../../src/resources/tree.ts';
import { ME, Sandbox } from '../apply/sandbox.ts';

let box: Sandbox;
let source: string;
let path: string;

beforeEach(() => {
  box = new Sandbox();
  source = mkdtempSync(join(tmpdir(), 'hostwright-source-'));
  path = join(box.path, 'www');
  mkdirSync(path);
});
afterEach(() => {
  box.remove();
  rmSync(source, { recursive: true, force: true });
});

function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
    chmodSync(join(root, name), 0o644);
  }
}

async function plan(adopted = false, choice?: Choice) {
  const { folder } = await hashFolder(await listFolder(source));
  const [owner = '', group = ''] = ME;
  const spec = tree.schema.parse({ path, folder, owner, group });
  const { state } = box.stepOf(tree, spec);
  const context = { adopted, ...(choice ? { choice } : {}) };
  return {
    state,
    step: tree.step(spec, state, context),
    difference: tree.diff(spec, state, context),
    notes: tree.notes?.(spec, state, context),
    drift: tree.drift?.(spec, state, context),
  };
}

/** Everything below the root: contents, and folders and links by what they are. */
function found(root = path): Record<string, string> {
  return Object.fromEntries(
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => {
        const entry = lstatSync(join(root, name));
        if (entry.isDirectory()) return [name, 'folder'];
        return [name, entry.isSymbolicLink() ? 'link' : readFileSync(join(root, name), 'utf8')];
      }),
  );
}

async function apply(adopted = false, choice?: Choice): Promise<void> {
  const { step, difference } = await plan(adopted, choice);
  expect(difference?.conflict).toBeUndefined();
  await box.apply(step);
  expect((await plan()).difference).toBeUndefined();
}

describe('an uploaded folder', () => {
  it('arrives whole, whatever its files are called, and nothing is left beside it', async () => {
    write(source, {
      '-': 'dash',
      '-n': 'option',
      'back\\slash': 'b',
      "sub/it's $(no)": 'q',
      'sub/deep/ü': '',
    });
    chmodSync(join(source, '-n'), 0o755);
    const beside = readdirSync(box.path);
    await apply();
    expect(found()).toEqual(found(source));
    expect(statSync(join(path, '-n')).mode & 0o777).toBe(0o755);
    expect(readdirSync(box.path).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(beside).toContain('www');
  });

  it('turns a file of ours into a folder, and back', async () => {
    write(source, { a: 'file', 'b/c/one': '1' });
    await apply();
    rmSync(join(source, 'a'));
    rmSync(join(source, 'b'), { recursive: true });
    write(source, { 'a/x': 'in a folder', b: 'a file now' });
    await apply();
    expect(found()).toEqual({ a: 'folder', 'a/x': 'in a folder', b: 'a file now' });
  });

  it('is undone to what it was, such a turn too', async () => {
    write(source, { a: 'file', 'b/c/one': '1' });
    await apply();
    const before = found();
    rmSync(join(source, 'a'));
    rmSync(join(source, 'b'), { recursive: true });
    write(source, { 'a/x': 'in a folder', b: 'a file now', 'new/er/est': '' });
    const { step } = await plan();
    await box.apply(step);
    const { status, stderr } = await box.part(step, 'undo');
    expect(status, stderr).toBe(0);
    expect(found()).toEqual(before);
  });

  it('stops at a link or a file of others where the source has a folder', async () => {
    write(source, { 'sub/x': '1' });
    const elsewhere = join(box.path, 'work');
    symlinkSync(elsewhere, join(path, 'sub'));
    await expect(plan()).rejects.toThrow(HostError);
    await expect(plan(true)).rejects.toThrow(/sub/);
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  it('is not led elsewhere by a link that came after the plan', async () => {
    write(source, { 'sub/x': '1' });
    const { step } = await plan();
    symlinkSync(join(box.path, 'work'), join(path, 'sub'));
    expect((await box.part(step, 'unmoved')).status).not.toBe(0);
  });

  it('is not taken back through a link that took the place of one of its folders', async () => {
    write(source, { 'sub/x': 'ours' });
    write(path, { 'sub/x': 'before' });
    const { step } = await plan(true);
    await box.apply(step);
    const elsewhere = join(box.path, 'work');
    writeFileSync(join(elsewhere, 'x'), 'theirs');
    rmSync(join(path, 'sub'), { recursive: true });
    symlinkSync(elsewhere, join(path, 'sub'));
    const { status, stderr } = await box.part(step, 'undo');
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('./sub.') });
    expect(readFileSync(join(elsewhere, 'x'), 'utf8')).toBe('theirs');
  });

  it('leaves empty folders that came later', async () => {
    write(source, { 'sub/x': 'ours' });
    rmSync(path, { recursive: true });
    const { step } = await plan();
    await box.apply(step);
    mkdirSync(join(path, 'inbox'));
    expect((await box.part(step, 'undo')).status).toBe(0);
    expect(found()).toEqual({ inbox: 'folder' });
  });

  it('takes over a link in the place of a file when told to', async () => {
    write(source, { index: 'ours' });
    const target = join(box.path, 'work', 'target');
    writeFileSync(target, 'theirs');
    symlinkSync(target, join(path, 'index'));
    expect((await plan()).difference).toMatchObject({ conflict: 'adopt' });
    await apply(true);
    expect(found()).toEqual({ index: 'ours' });
    expect(readFileSync(target, 'utf8')).toBe('theirs');
  });

  it('does not claim what was there before and is the same by chance', async () => {
    write(source, { same: '1', new: '2' });
    write(path, { same: '1' });
    await apply();
    rmSync(join(source, 'same'));
    const { difference, notes } = await plan();
    expect(difference).toBeUndefined();
    expect(notes?.join()).toContain('same');
  });

  it('asks before it gives another mode to what was there before', async () => {
    write(source, { same: '1' });
    write(path, { same: '1' });
    chmodSync(join(path, 'same'), 0o600);
    expect((await plan()).difference).toMatchObject({ conflict: 'adopt', touchesForeign: true });
    await apply(true);
  });

  it('leaves the mode of a folder that is there as it is', async () => {
    write(source, { 'uploads/new': '1' });
    mkdirSync(join(path, 'uploads'));
    chmodSync(join(path, 'uploads'), 0o777);
    await apply();
    expect(statSync(join(path, 'uploads')).mode & 0o777).toBe(0o777);
  });

  it('sees that two files have each other’s mode', async () => {
    write(source, { plain: '1', program: '2' });
    chmodSync(join(source, 'program'), 0o755);
    await apply();
    chmodSync(join(path, 'plain'), 0o755);
    chmodSync(join(path, 'program'), 0o644);
    await apply();
    expect(statSync(join(path, 'program')).mode & 0o777).toBe(0o755);
  });
});

describe('what was edited by hand in it', () => {
  beforeEach(async () => {
    write(source, { edited: 'one', other: 'one' });
    await apply();
    write(path, { edited: 'by hand' });
  });

  it('stays while the source stays, and is told', async () => {
    expect(await plan()).toMatchObject({ difference: undefined, drift: '1 file edited by hand: edited' });
    write(source, { other: 'two' });
    await apply();
    expect(found()).toEqual({ edited: 'by hand', other: 'two' });
    expect((await plan(false, 'take')).difference).toMatchObject({ summary: 'upload 1 file (3 bytes)' });
  });

  it('stops the run when the source changes as well, whatever else may be taken over', async () => {
    write(source, { edited: 'two', foreign: '1' });
    write(path, { foreign: 'theirs' });
    expect((await plan()).difference).toMatchObject({ conflict: 'adopt' });
    expect((await plan(true)).difference).toMatchObject({ conflict: 'edited' });
    expect((await plan(true, 'take')).difference?.conflict).toBeUndefined();
  });

  it('is the only thing that is skipped when it is kept, and is settled then', async () => {
    write(source, { edited: 'two', other: 'two', new: 'two' });
    await apply(false, 'keep');
    expect(found()).toEqual({ edited: 'by hand', other: 'two', new: 'two' });
    write(source, { edited: 'three' });
    expect((await plan()).difference).toMatchObject({ conflict: 'edited' });
    const { difference, step } = await plan(false, 'keep');
    expect(difference).toMatchObject({ settles: true });
    await box.apply(step);
    expect((await plan()).difference).toBeUndefined();
    expect(found().edited).toBe('by hand');
    await apply(false, 'take');
    expect(found().edited).toBe('three');
  });
});

it('saves no content where only modes change, and puts them back', async () => {
  write(source, { "it's $(no)": 'x'.repeat(100_000), other: '' });
  await apply();
  chmodSync(join(path, "it's $(no)"), 0o604);
  // What the first run has saved would be taken for this one's.
  rmSync(join(box.path, 'before'), { recursive: true });
  const { step } = await plan();
  await box.apply(step);
  expect(readdirSync(join(box.path, 'before'))).not.toContain('old.tar');
  writeFileSync(join(path, "it's $(no)"), 'edited since');
  expect((await box.part(step, 'undo')).stderr).toBe('');
  expect(statSync(join(path, "it's $(no)")).mode & 0o777).toBe(0o604);
  expect(found()["it's $(no)"]).toBe('edited since');
});
