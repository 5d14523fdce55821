import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { library } from '../../src/apply/library.ts';
import { HostError } from '../../src/errors.ts';
import { sh } from '../../src/quote.ts';
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
