import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ensureImage, removeUnfinishedImages } from '../../src/lab/build-image.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { boxImage, peerImage } from '../../src/lab/images.ts';
import { IMAGES } from '../../src/lab/places.ts';
import { helperArgv } from '../../src/lab/root.ts';
import { labUp } from '../../src/lab/up.ts';
import { processesNaming, remainsOf } from './support/remains.ts';

const name = 'test-killed';
const silent = (): void => undefined;

beforeAll(async () => {
  for (const image of [peerImage(), boxImage('bookworm')]) await ensureImage(image, silent);
});

afterEach(async () => {
  await labDown({ name, report: silent });
});

/** `lab up` as a process of its own, and when it has begun to start machines. */
function up(): { child: ChildProcess; started: Promise<void>; ended: Promise<void> } {
  const [program = '', ...args] = helperArgv(['up', name, 'bookworm']);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const started = new Promise<void>((resolve) =>
    child.stdout.on('data', (text: Buffer) => text.includes('Starting') && resolve()),
  );
  return { child, started, ended };
}

describe('lab up that is killed (kill -9)', () => {
  test.each([0, 30, 80, 150, 300, 600, 1000])(
    'after %i ms leaves nothing once it is taken down',
    async (ms) => {
      const { child, started, ended } = up();
      await started;
      await pause(ms);
      child.kill('SIGKILL');
      await ended;
      await labDown({ name, report: silent });
      expect(remainsOf(name)).toEqual([]);
    },
  );

  test('is healed by the next lab up', async () => {
    const { child, started, ended } = up();
    await started;
    await pause(400);
    child.kill('SIGKILL');
    await ended;
    const said: string[] = [];
    await labUp({ name, release: 'bookworm', report: (text) => said.push(text) });
    expect(said.join('\n')).toContain('Cleaned up what was left');
    expect((await labCapture({ name, node: 'phone', argv: ['nc', '-z', '-w', '3', 'box', '22'] })).code).toBe(
      0,
    );
  });

  test('and lab up that is told to stop leaves nothing by itself', async () => {
    const { child, started, ended } = up();
    await started;
    child.kill('SIGINT');
    await ended;
    expect(remainsOf(name)).toEqual([]);
  });

  test('while it builds an image leaves no image and no process', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', BUILD], {
      stdio: 'inherit',
    });
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    await expect.poll(() => builds(), { timeout: 20_000 }).toHaveLength(1);
    await expect.poll(() => builders().length, { timeout: 20_000 }).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await ended;
    await expect.poll(() => builders(), { timeout: 5_000 }).toEqual([]);
    await removeUnfinishedImages();
    expect(builds()).toEqual([]);
  });
});

test('two lab ups of the same lab: the second takes what the first brought up', async () => {
  const said: string[] = [];
  const report = (text: string): number => said.push(text);
  const [one, two] = await Promise.all([1, 2].map(() => labUp({ name, release: 'bookworm', report })));
  expect(one).toEqual(two);
  expect(said.join('\n')).toContain('already running');
  expect(said.filter((text) => text.startsWith('Starting'))).toHaveLength(1);
  await expect(labUp({ name, release: 'trixie', report })).rejects.toThrow('lab down');
});

/** An image of its own, so that it is not there yet. */
const KIND = 'test-killed';
const BUILD = `
import { ensureImage } from '${new URL('../../src/lab/build-image.ts', import.meta.url)}';
import { boxImage } from '${new URL('../../src/lab/images.ts', import.meta.url)}';
await ensureImage({ ...boxImage('bookworm'), kind: '${KIND}', packages: ['nftables'] }, () => undefined);
`;

const builds = (): string[] => readdirSync(IMAGES).filter((entry) => entry.startsWith(`${KIND}-`));
const builders = (): string[] => processesNaming(`${IMAGES}/${KIND}-`);
