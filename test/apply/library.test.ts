import {
  existsSync,
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
import { runner } from '../../src/apply/runner.ts';
import { tidying } from '../../src/apply/tidying.ts';
import { Shell, sh } from '../../src/quote.ts';
import { kind as directory } from '../../src/resources/directory.ts';
import { kind as symlink } from '../../src/resources/symlink.ts';
import { ME, Sandbox } from './sandbox.ts';

let box: Sandbox;
/** Stands for /proc/self/mountinfo. */
let mounts: string;
let data: string;

beforeEach(() => {
  box = new Sandbox();
  mounts = join(box.path, 'mountinfo');
  writeFileSync(mounts, '');
  data = join(box.path, 'my data');
  mkdirSync(join(data, 'disk'), { recursive: true });
  writeFileSync(join(data, 'disk', 'photo'), 'a photo');
});
afterEach(() => box.remove());

function run(script: Shell, purge = false) {
  const text = library.text.replaceAll('/proc/self/mountinfo', mounts);
  return box.sh(sh`${new Shell(text)}
hw_text() { printf %s "$1"; }
hw_event() { printf '%s\n' "$*"; }
HW_KEPT=${join(box.path, 'kept')} HW_PURGE=${purge ? '1' : ''}
${script}`);
}

/** As proc(5) writes it. */
function mounted(path: string): void {
  const escaped = path.replaceAll(' ', '\\040');
  writeFileSync(
    mounts,
    `36 35 98:0 / /elsewhere rw - ext4 /dev/x rw\n37 35 98:1 / ${escaped} rw - ext4 /dev/y rw\n`,
  );
}

describe('what is made for a moment only', () => {
  it('goes, also when the step was killed meanwhile', () => {
    const killed = run(sh`HW_STATE=/var/lib/hostwright
mv() { kill -KILL $$; kill -KILL $(exec sh -c 'echo $PPID'); }
echo new >source; hw_put "$PWD/source" "$PWD/file" 600 ${ME[0] ?? ''} ${ME[1] ?? ''}`);
    expect(killed.status).toBeNull();
    const work = join(box.path, 'work');
    expect(readdirSync(work).filter((name) => name.startsWith('.hostwright-'))).toHaveLength(1);
    writeFileSync(join(work, 'other'), '');
    expect(
      box.sh(sh`${runner}
${tidying}
echo "$PWD/other" >>"$HW_STATE/transient"
hw_drop_transient`),
    ).toMatchObject({ status: 0, stderr: '' });
    expect(readdirSync(work).sort()).toEqual(['other', 'source']);
    expect(existsSync(join(box.path, 'state', 'transient'))).toBe(false);
  });
});

describe('what came later', () => {
  it('is moved aside, or goes when the user has said so', () => {
    expect(run(sh`hw_save ${data}`)).toMatchObject({ status: 0 });
    expect(readFileSync(join(box.path, 'kept', data, 'disk', 'photo'), 'utf8')).toBe('a photo');
    mkdirSync(data);
    expect(run(sh`hw_keep_data ${data} because`).stdout.toString()).toBe(`stays ${data} because\n`);
    expect(run(sh`hw_keep_data ${data} because`, true)).toMatchObject({ status: 0 });
    expect(existsSync(data)).toBe(false);
  });

  it.each([
    ['is one', ''],
    ['holds one', '/disk'],
  ])('is neither moved nor deleted where it %s of the disks', (_, below) => {
    mounted(data + below);
    for (const purge of [false, true]) {
      const { status, stderr } = run(sh`hw_save ${data}`, purge);
      expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('Unmount it') });
      expect(run(sh`hw_keep_data ${data} because`, purge).status).toBe(0);
      expect(readFileSync(join(data, 'disk', 'photo'), 'utf8')).toBe('a photo');
    }
  });

  it('goes to another file system only when there is room for it, and whole', () => {
    box.program('stat', 'case $* in *kept) echo 1 ;; *) echo 2 ;; esac');
    box.program('df', 'echo Avail; cat "$0.kilobytes"');
    const room = (kilobytes: number) => writeFileSync(join(box.bin, 'df.kilobytes'), String(kilobytes));
    const save = sh`PATH=${box.bin}:$PATH; hw_save ${data}`;
    room(16_384);
    expect(run(save)).toMatchObject({ status: 1, stderr: expect.stringContaining('16 MB free') });
    expect(existsSync(join(data, 'disk', 'photo'))).toBe(true);
    room(100_000);
    expect(run(save).status).toBe(0);
    expect(readFileSync(join(box.path, 'kept', data, 'disk', 'photo'), 'utf8')).toBe('a photo');
    expect(existsSync(data)).toBe(false);
  });

  it('is never what only stays: that may have been there before', () => {
    const { stdout } = run(sh`hw_stays ${data} because`, true);
    expect(stdout.toString()).toBe(`stays ${data} because\n`);
    expect(existsSync(join(data, 'disk', 'photo'))).toBe(true);
  });
});

describe('undoing', () => {
  const [owner = '', group = ''] = ME;

  it('leaves a link alone that was never changed, also when data is to go', async () => {
    const path = join(box.path, 'work', 'link');
    symlinkSync('theirs', path);
    const { step } = box.stepOf(symlink, symlink.schema.parse({ path, target: 'ours' }));
    await box.part(step, 'record');
    const undo = sh`HW_BEFORE=${join(box.path, 'before')}
${step.undo ?? sh`:`}`;
    expect(run(undo, true).status).toBe(0);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
  });

  it('does not follow a link that took the place of a folder', async () => {
    const path = join(box.path, 'work', 'folder');
    const target = join(box.path, 'secret');
    mkdirSync(path, { mode: 0o755 });
    mkdirSync(target, { mode: 0o700 });
    const spec = directory.schema.parse({ path, mode: '0700', owner, group });
    const { step } = box.stepOf(directory, spec);
    await box.apply(step);
    expect(box.sh(sh`rmdir ${path} && ln -s ${target} ${path}`).status).toBe(0);
    expect((await box.part(step, 'undo')).status).toBe(0);
    expect(lstatSync(target).mode & 0o777).toBe(0o700);
  });

  it('has nothing to do for a folder that is gone', async () => {
    const path = join(box.path, 'work', 'folder');
    mkdirSync(path, { mode: 0o755 });
    const { step } = box.stepOf(directory, directory.schema.parse({ path, mode: '0700', owner, group }));
    await box.apply(step);
    expect(box.sh(sh`rmdir ${path}`).status).toBe(0);
    expect((await box.part(step, 'undo')).status).toBe(0);
  });
});
