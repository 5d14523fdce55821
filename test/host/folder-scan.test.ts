import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashFolder, listFolder } from '../../src/host/folder-scan.ts';

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hostwright-scan-'));
  folder = join(root, 'public');
  await mkdir(folder);
});
afterEach(() => rm(root, { recursive: true }));

const put = async (path: string, content: string | Buffer = path) => {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), content);
};

describe('a folder', () => {
  it('is listed with everything below it, sorted, and hashed', async () => {
    await put('b/two.txt', 'two');
    await put('b.txt', '');
    await put('a/deep/er/one', Buffer.alloc(700_001, 7));
    await put('.hidden', 'h');
    await chmod(join(folder, 'b.txt'), 0o755);
    const { folder: scanned, complaints } = await hashFolder(await listFolder(folder));
    expect(complaints).toEqual([]);
    expect(scanned.files).toEqual([
      { path: '.hidden', size: 1, executable: false, sha256: sha256('h') },
      { path: 'a/deep/er/one', size: 700_001, executable: false, sha256: sha256(Buffer.alloc(700_001, 7)) },
      { path: 'b.txt', size: 0, executable: true, sha256: sha256('') },
      { path: 'b/two.txt', size: 3, executable: false, sha256: sha256('two') },
    ]);
  });

  it('follows links to files inside, and says which other things it skips', async () => {
    await put('page', 'p');
    await put('.git/HEAD');
    await put('sub/x');
    await writeFile(join(root, 'secret'), 's');
    await symlink('page', join(folder, 'inside'));
    await symlink('../secret', join(folder, 'outside'));
    await symlink('/etc', join(folder, 'etc'));
    await symlink('nowhere', join(folder, 'broken'));
    await symlink('sub', join(folder, 'loop'));
    await symlink('self', join(folder, 'self'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const { files, skipped } = await listFolder(folder, new Set([join(folder, 'sub')]));
    expect(files.map(({ path }) => path)).toEqual(['inside', 'page']);
    expect(skipped).toEqual([
      { path: '.git', reason: "it is git's own folder" },
      { path: 'broken', reason: 'it is a link to nothing' },
      { path: 'etc', reason: 'it is a link that leaves the folder' },
      { path: 'loop', reason: 'it is a link to a folder' },
      { path: 'outside', reason: 'it is a link that leaves the folder' },
      { path: 'pipe', reason: 'it is neither a file nor a folder' },
      { path: 'self', reason: 'it is a link to nothing' },
      { path: 'sub', reason: 'it belongs to the host file' },
    ]);
  });

  it('may itself be reached by a link', async () => {
    await put('page');
    await symlink('page', join(folder, 'inside'));
    await symlink('public', join(root, 'alias'));
    const { files } = await listFolder(join(root, 'alias'));
    expect(files.map(({ path }) => path)).toEqual(['inside', 'page']);
  });

  it('with names that no config could hold is refused', async () => {
    await put('a\nb');
    await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xe9])]), '');
    const { complaints } = await listFolder(folder);
    expect(complaints.map(({ message }) => message)).toEqual([
      expect.stringContaining('"a\\nb"'),
      expect.stringContaining('no UTF-8'),
    ]);
  });

  it('that vanished meanwhile is a complaint', async () => {
    await put('page');
    const listing = await listFolder(folder);
    await rm(join(folder, 'page'));
    const { complaints } = await hashFolder(listing);
    expect(complaints).toEqual([{ message: expect.stringContaining('"page" cannot be read: ENOENT') }]);
  });
});

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
