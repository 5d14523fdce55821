import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { library } from '../../src/apply/library.ts';
import { HostError } from '../../src/errors.ts';
import { sh } from '../../src/quote.ts';
import { hash } from '../../src/resources/file/observe.ts';
import { kind as file } from '../../src/resources/file.ts';
import { ME, Sandbox } from '../apply/sandbox.ts';

let box: Sandbox;
let path: string;

beforeEach(() => {
  box = new Sandbox();
  path = join(box.path, 'etc', 'a.conf');
  mkdirSync(join(box.path, 'etc'));
});
afterEach(() => box.remove());

const [owner = '', group = ''] = ME;
const specOf = (content: string, at = path) => file.schema.parse({ path: at, content, owner, group });

describe('a file on a host', () => {
  it('is written, and nothing is left beside it', async () => {
    const { state, step } = box.stepOf(file, specOf('one\n'));
    expect(state.type).toBe('absent');
    await box.apply(step);
    expect(readFileSync(path, 'utf8')).toBe('one\n');
    expect(readdirSync(join(box.path, 'etc'))).toEqual(['a.conf']);
  });

  it('is seen as it is when its name holds backslashes, as those of units do', async () => {
    const spec = specOf('[Mount]\n', join(box.path, 'etc', 'mnt-my\\x2ddisk.mount'));
    await box.apply(box.stepOf(file, spec).step);
    expect(file.diff(spec, box.stepOf(file, spec).state, { adopted: false })).toBeUndefined();
  });

  it('takes the place of a link, which is put back when that is undone', async () => {
    const target = join(box.path, 'target');
    writeFileSync(target, 'theirs');
    symlinkSync(target, path);
    const { step } = box.stepOf(file, specOf('ours'));
    await box.apply(step);
    expect(lstatSync(path).isFile()).toBe(true);
    expect((await box.part(step, 'undo')).status).toBe(0);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toBe('theirs');
  });

  it('is put back byte for byte, with its mode and its time', async () => {
    writeFileSync(path, 'theirs\0\n');
    chmodSync(path, 0o640);
    const before = lstatSync(path);
    const { step } = box.stepOf(file, specOf('ours'));
    await box.apply(step);
    expect((await box.part(step, 'undo')).status).toBe(0);
    const { mode, mtimeMs } = lstatSync(path);
    expect({ mode, mtimeMs, content: readFileSync(path, 'utf8') }).toEqual({
      mode: before.mode,
      mtimeMs: before.mtimeMs,
      content: 'theirs\0\n',
    });
    expect(readdirSync(join(box.path, 'etc'))).toEqual(['a.conf']);
  });

  it('does not take the place of a folder', () => {
    mkdirSync(path);
    const { state } = box.stepOf(file, specOf('ours'));
    expect(() => file.diff(specOf('ours'), state, { adopted: true })).toThrow(HostError);
  });
});

describe('undoing', () => {
  it('never takes a folder away that holds something', () => {
    const run = sh`HW_BEFORE=${box.path}; HW_RUN=
${library}
hw_keep ${path} && mkdir ${path} && : >${join(path, 'data')} && hw_restore ${path}`;
    expect(box.sh(run).status).not.toBe(0);
    expect(readdirSync(path)).toEqual(['data']);
  });
});

describe('putting a file in a folder of somebody else’s', () => {
  // What a hostile owner of the folder would do in the moment between two commands, done by the second command itself.
  it('never follows a link that was planted for it', () => {
    const secret = join(box.path, 'shadow');
    writeFileSync(secret, 'secret');
    chmodSync(secret, 0o600);
    const folder = join(box.path, 'etc');
    box.program(
      'install',
      `cd ${folder} && for f in .hostwright-*; do mv "$f" gone; ln -s ${box.path} "$f"; done; ln -s ${secret} ${join(box.path, 'new')}
cd gone && exec /usr/bin/install "$@"`,
    );
    const source = join(box.path, 'source');
    writeFileSync(source, 'ours');
    const run = sh`PATH=${box.bin}:$PATH
${library}
hw_put ${source} ${path} 0666 ${owner} ${group}`;
    box.sh(run);
    expect(readFileSync(secret, 'utf8')).toBe('secret');
    expect(lstatSync(secret).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toBe('ours');
  });
});

describe('an edit by hand', () => {
  const remembered = (): string => join(box.path, 'state', 'remembered');
  const written = (): string[] => readdirSync(join(box.path, 'state', 'written')).sort();

  /** Writes a version as a run does, and remembers it. */
  async function write(content: string, at = path): Promise<void> {
    const { step } = box.stepOf(file, specOf(content, at));
    await box.apply(step);
    appendFileSync(remembered(), `file:${at}\t${step.remember}\n`);
  }

  function planned(content: string, at = path) {
    const spec = specOf(content, at);
    const { state } = box.stepOf(file, spec);
    const last = readFileSync(remembered(), 'utf8').trim().split('\n').at(-1)?.split('\t')[1] ?? '';
    const context = { adopted: false, remembered: last };
    return { difference: file.diff(spec, state, context), step: file.step(spec, state, context) };
  }

  it('is merged by what the host has kept of the last version, whatever the name of the file', async () => {
    for (const name of ["it's $(no) \\x2d.conf", 'a.conf']) {
      const at = join(box.path, 'etc', name);
      await write('a = 1\nb = 2\nc = 3\n', at);
      writeFileSync(at, 'a = by hand\nb = 2\nc = 3\n');
      const { difference, step } = planned('a = 1\nb = 2\nc = 4\n', at);
      expect(difference?.summary).toBe('change the content, and keep what was edited by hand');
      await box.apply(step);
      expect(readFileSync(at, 'utf8')).toBe('a = by hand\nb = 2\nc = 4\n');
      appendFileSync(remembered(), `file:${at}\t${step.remember}\n`);
      expect(planned('a = 1\nb = 2\nc = 4\n', at).difference).toBeUndefined();
      // What is declared next is merged by what was declared now, not by what came of the merge.
      expect(planned('a = 1\nb = 2\nc = 5\n', at).difference?.diff).toContain(' a = by hand');
    }
  });

  it('is a conflict when the copy of the last version is gone or another', async () => {
    await write('a\n');
    writeFileSync(path, 'by hand\n');
    const copy = join(box.path, 'state', 'written', written()[0] ?? '');
    writeFileSync(copy, 'forged\n');
    expect(planned('b\n').difference).toMatchObject({ conflict: 'edited' });
    rmSync(copy);
    expect(planned('b\n').difference).toMatchObject({ conflict: 'edited' });
  });

  it('needs copies only of what is remembered, and none of what is too large', async () => {
    await write('a\n');
    await write('b\n');
    expect(written()).toHaveLength(2);
    expect(statSync(join(box.path, 'state', 'written')).mode & 0o777).toBe(0o700);
    writeFileSync(remembered(), readFileSync(remembered(), 'utf8').split('\n').slice(1).join('\n'));
    expect(box.sh(file.finish ?? sh`exit 1`).status).toBe(0);
    expect(written()).toEqual([hash('b\n')]);
    await write('x'.repeat(262_145));
    expect(written()).toEqual([hash('b\n')]);
  });
});
