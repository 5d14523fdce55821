import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeNext } from '../../../src/agent/certificates/next.ts';
import { certificatePlaces } from '../../../src/agent/certificates/places.ts';

const SCRIPT = fileURLToPath(new URL('../../../src/agent/host/certificates-due', import.meta.url));
const MINUTE = 60_000;

describe('the question whether the agent has anything to do about certificates', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'due-'));
    mkdirSync(places().declarations, { recursive: true });
    mkdirSync(join(places().next, '..'), { recursive: true });
    declare(-10 * MINUTE);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const places = () => certificatePlaces(root);
  const at = (offset: number) => new Date(Date.now() + offset).toISOString();
  function declare(offset: number): void {
    const path = join(places().declarations, 'blog.json');
    writeFileSync(path, '{}');
    const time = new Date(Date.now() + offset);
    utimesSync(path, time, time);
    utimesSync(places().declarations, time, time);
  }
  function isDue(): boolean {
    try {
      execFileSync('dash', [SCRIPT, root], { stdio: 'pipe' });
      return true;
    } catch {
      return false;
    }
  }

  it('is answered by when the agent wants to look again', async () => {
    expect(isDue()).toBe(true);
    await writeNext(places(), Date.now(), [at(MINUTE), at(90 * MINUTE)]);
    expect(isDue()).toBe(false);
    await writeNext(places(), Date.now(), [at(-MINUTE), at(90 * MINUTE)]);
    expect(isDue()).toBe(true);
    await writeNext(places(), Date.now(), []);
    expect(isDue()).toBe(false);
    await writeNext(places(), Date.now() - 7 * 60 * MINUTE, [at(90 * 24 * 60 * MINUTE)]);
    expect(isDue()).toBe(true);
  });

  it('is yes once something is declared otherwise, also while the agent was at work', async () => {
    await writeNext(places(), Date.now() - MINUTE, [at(60 * MINUTE)]);
    expect(isDue()).toBe(false);
    declare(-MINUTE / 2);
    expect(isDue()).toBe(true);
  });

  it.each(['', 'soon\n', '-5\n', '99999999999999\n'])('is yes where nobody knows: %j', (text) => {
    writeFileSync(places().next, text);
    expect(isDue()).toBe(true);
  });
});
