import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prune } from '../../src/apply/prune.ts';
import { sh } from '../../src/quote.ts';
import { DAY, putRun } from '../journal/records.ts';
import { Sandbox } from './sandbox.ts';

let box: Sandbox;
beforeEach(() => {
  box = new Sandbox();
});
afterEach(() => box.remove());

const TODAY = Math.floor(Date.now() / 1000);

interface OldStep {
  readonly id: string;
  readonly undone?: boolean;
  readonly recorded?: boolean;
}

/** A run of so many days ago, with a step for each resource. */
function put(
  name: string,
  days: number,
  steps: readonly OldStep[],
  more: Readonly<Record<string, string>> = {},
) {
  const records = steps.flatMap(({ recorded = true, undone = false, id }, step): [string, string][] => [
    ...(recorded
      ? ([
          [`before/${step}/recorded`, ''],
          [`before/${step}/0/x.kept`, name],
        ] as [string, string][])
      : []),
    ...(undone ? ([[`undone/${step}`, `${id}\n`]] as [string, string][]) : []),
  ]);
  const resources = steps.map(({ id }, step) => `${step}\t0\t${id.split(':')[0]}\tplain\t${id}\n`).join('');
  const files = {
    script: '',
    output: 'said\n',
    events: 'step-started\t0\nnote\tx\nend\t0\n',
    'plan.json': '{}',
    resources,
  };
  const began = TODAY - days * DAY - 60;
  return putRun(box, name, {
    began,
    status: '0',
    files: { ...files, ...Object.fromEntries(records), ...more },
  });
}

/** The run that ends now; it tidies up. */
function pruneNow(...remembered: readonly string[]): void {
  put('now', 0, []);
  writeFileSync(join(box.path, 'state/remembered'), remembered.map((line) => `${line}\n`).join(''));
  const { status, stderr } = box.sh(sh`HW_STATE=/var/lib/hostwright HW_ID=now
${prune}
hw_prune`);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}

const runs = (): string[] => readdirSync(join(box.path, 'state/runs')).sort();
const has = (run: string, path: string): boolean => existsSync(join(box.path, 'state/runs', run, path));
const read = (run: string, path: string): string =>
  readFileSync(join(box.path, 'state/runs', run, path), 'utf8');
/** Twenty runs so young that all before them are old. */
const twenty = (days: number): void => {
  for (let index = 0; index < 20; index += 1) put(`young-${index}`, days, []);
};

describe('records of old runs', () => {
  it('are kept whole while they are among the last twenty, or of the last 90 days', () => {
    put('old', 400, [{ id: 'file:/etc/a' }]);
    pruneNow();
    expect(has('old', 'before/0/0/x.kept')).toBe(true);
    put('recent', 80, [{ id: 'file:/etc/a' }]);
    twenty(10);
    pruneNow();
    expect(has('recent', 'output')).toBe(true);
    expect(has('recent', 'before/0/0/x.kept')).toBe(true);
    expect(has('old', 'before')).toBe(false);
  });

  it('keep of what is still ours the oldest record, and all of what was added bit by bit', () => {
    put('1', 400, [{ id: 'file:/etc/a', undone: true }, { id: 'package:nginx' }, { id: 'file:/etc/gone' }]);
    put('2', 390, [{ id: 'file:/etc/a' }, { id: 'package:nginx' }, { id: 'sysctl:x', recorded: false }]);
    put('3', 380, [{ id: 'file:/etc/a' }, { id: 'sysctl:x' }, { id: 'tree:/var/www' }]);
    twenty(100);
    pruneNow(
      'file:/etc/a\tsum',
      'package:nginx\tinstalled',
      'file:/etc/gone\tsum',
      'file:/etc/gone\t',
      'sysctl:x\t1',
      'tree:/var/www\t1',
    );
    const steps = (run: string): string[] => readdirSync(join(box.path, 'state/runs', run, 'before')).sort();
    expect(steps('1')).toEqual(['1']);
    expect(steps('2')).toEqual(['0', '1']);
    expect(steps('3')).toEqual(['1', '2']);
    expect(read('1', 'pruned')).toBe('2\n');
    expect([has('1', 'output'), has('1', 'script'), has('1', 'plan.json')]).toEqual([false, true, true]);
    expect(read('1', 'events')).toBe('step-started\t0\nend\t0\n');
    // Once more, nothing changes.
    pruneNow('file:/etc/a\tsum', 'package:nginx\tinstalled', 'sysctl:x\t1', 'tree:/var/www\t1');
    expect(read('1', 'pruned')).toBe('2\n');
    expect(steps('2')).toEqual(['0', '1']);
  });

  it('pass on what the dropped one left, so that taking the oldest back finds its own work', () => {
    put('1', 400, [{ id: 'file:/etc/a' }], { 'before/0/0/slot.left': 'file one\n' });
    put('2', 390, [{ id: 'file:/etc/a' }], { 'before/0/0/slot.left': 'file two\n' });
    twenty(100);
    pruneNow('file:/etc/a\tsum');
    expect(has('2', 'before')).toBe(false);
    expect(read('1', 'before/0/0/slot.left')).toBe('file two\n');
  });

  it('go with refused runs after a week, and with undone ones after 90 days, down to who did what', () => {
    put('refused-old', 8, [], { status: 'refused\n' });
    put('refused-new', 6, [], { status: 'refused\n' });
    put('undone-old', 91, [{ id: 'file:/etc/a', undone: true }], { 'undone-by': 'x\n' });
    put('undone-new', 89, [{ id: 'file:/etc/a', undone: true }], { 'undone-by': 'x\n' });
    pruneNow('file:/etc/a\tsum');
    expect(runs()).toEqual(['now', 'refused-new', 'undone-new', 'undone-old']);
    expect(readdirSync(join(box.path, 'state/runs/undone-old')).sort()).toEqual([
      'owner',
      'plan.json',
      'status',
      'undone',
      'undone-by',
    ]);
    expect(has('undone-new', 'before/0/0/x.kept')).toBe(true);
  });

  it('give way when they fill the disk, the oldest first, what a removal needs last', () => {
    // A file system of 200 kB: 10 kB for records.
    box.program('df', 'echo 1K-blocks; echo 200');
    for (const [index, name] of ['1', '2', '3'].entries()) {
      put(name, 9 - index, [{ id: 'file:/etc/a' }, { id: `file:/etc/${name}` }], {
        'before/0/0/big': 'x'.repeat(4000),
      });
    }
    const script = sh`PATH=/usr/local/sbin:/usr/bin:/bin; HW_STATE=/var/lib/hostwright HW_ID=now
${prune}
hw_prune`;
    put('now', 0, []);
    box.program(
      'du',
      `case $2 in --) shift;; esac; shift
for folder in "$@"; do [ ! -d "$folder" ] || printf '%s\\t%s\\n' "$(find "$folder" -name 'big' | wc -l)0" "$folder"; done`,
    );
    writeFileSync(join(box.path, 'state/remembered'), 'file:/etc/a\tsum\n');
    expect(box.sh(script).stderr).toBe('');
    // Of 30 kB too much, the records of 1 are needed by a removal; those of 2 are not.
    expect([has('1', 'before/0'), has('2', 'before'), has('3', 'before')]).toEqual([true, false, false]);
    box.program('df', 'echo 1K-blocks; echo 20');
    expect(box.sh(script).stderr).toBe('');
    expect(has('1', 'before')).toBe(false);
    expect(read('1', 'pruned').split('\n')).toContain('0');
  });

  it('always keep what a removal and a recent rollback need, whatever has happened', () => {
    const ids = ['file:/etc/a', 'file:/etc/b', 'sysctl:c', 'package:d', 'user:e'];
    const step = fc.record({ id: fc.constantFrom(...ids), undone: fc.boolean(), recorded: fc.boolean() });
    const history = fc.array(
      fc.record({
        days: fc.integer({ min: 0, max: 200 }),
        steps: fc.uniqueArray(step, { maxLength: 3, selector: ({ id }) => id }),
      }),
      { minLength: 22, maxLength: 26 },
    );
    fc.assert(
      fc.property(history, fc.subarray(ids), (given, ours) => {
        const past = [...given].sort((a, b) => b.days - a.days);
        rmSync(join(box.path, 'state/runs'), { recursive: true, force: true });
        for (const [index, { days, steps }] of past.entries()) put(`r${100 + index}`, days, steps);
        pruneNow(...ours.map((id) => `${id}\tx`));
        const seen = new Set<string>();
        for (const [index, { days, steps }] of past.entries()) {
          for (const [number, { id, undone, recorded }] of steps.entries()) {
            if (!recorded) continue;
            const there = has(`r${100 + index}`, `before/${number}/0/x.kept`);
            const isWhole = days <= 90 || past.length - index <= 19;
            const isNeeded = !undone && ours.includes(id) && (!seen.has(id) || /^package|^user/.test(id));
            if (!undone) seen.add(id);
            expect({ index, number, there }).toEqual({ index, number, there: isWhole || isNeeded });
          }
        }
        for (const run of runs()) if (!has(run, 'plan.json')) throw new Error(`${run} has lost its plan`);
      }),
      { numRuns: 10 },
    );
  }, 60_000);
});
