import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ensureImage, removeUnfinishedImages } from '../../src/lab/build-image.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { boxImage, peerImage } from '../../src/lab/images.ts';
import { IMAGES } from '../../src/lab/places.ts';
import { helperArgv } from '../../src/lab/root.ts';
import { labUp } from '../../src/lab/up.ts';
import { remainsOf } from './support/remains.ts';

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
    const kind = 'test-killed';
    const image = { ...boxImage('bookworm'), kind, packages: [] };
    const controller = new AbortController();
    const building = ensureImage(image, silent, controller.signal);
    building.catch(silent);
    await expect.poll(() => builds(kind), { timeout: 20_000 }).toHaveLength(1);
    controller.abort();
    await expect(building).rejects.toThrow();
    await removeUnfinishedImages();
    expect(builds(kind)).toEqual([]);
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

test('a lab whose computer was restarted does not run, and is started anew', async () => {
  await labUp({ name, release: 'bookworm', report: silent });
  expect(existsSync('/var/lib/hostwright/lab/test-killed/state.json')).toBe(true);
});

const builds = (kind: string): string[] =>
  readdirSync(IMAGES).filter((entry) => entry.startsWith(`${kind}-`));
