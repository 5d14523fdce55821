import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock } from '../../src/lab/lock.ts';

let folder = '';
let file = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostwright-lock-'));
  file = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('work under one lock is done one after the other, and no file stays', async () => {
  let inside = 0;
  let most = 0;
  let waited = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, 20));
    inside--;
  };
  await Promise.all(Array.from({ length: 6 }, () => withLock(file, () => waited++, work)));
  expect(most).toBe(1);
  expect(waited).toBeGreaterThan(0);
  expect(existsSync(file)).toBe(false);
});

test('work that fails frees the lock', async () => {
  const failing = withLock(
    file,
    () => undefined,
    async () => Promise.reject(new Error('no')),
  );
  await expect(failing).rejects.toThrow('no');
  expect(
    await withLock(
      file,
      () => undefined,
      async () => 'done',
    ),
  ).toBe('done');
});

test('who does not want to wait gives up', async () => {
  let done = false;
  const work = async (): Promise<void> => {
    done = true;
  };
  await withLock(
    file,
    () => undefined,
    () => withLock(file, 'give up', work),
  );
  expect(done).toBe(false);
  await withLock(file, 'give up', work);
  expect(done).toBe(true);
});

test('a lock that cannot be made is an error', async () => {
  await expect(
    withLock(
      join(folder, 'missing/lock'),
      () => undefined,
      async () => 1,
    ),
  ).rejects.toThrow('could not be taken');
});
