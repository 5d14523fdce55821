import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renderRun } from '../../src/cli/run-text.ts';
import { renderJournal } from '../../src/cli/runs-text.ts';
import { parseDetail } from '../../src/journal/detail.ts';
import { parseJournal } from '../../src/journal/parse.ts';
import { listScript, showScript } from '../../src/journal/scripts.ts';
import { type Shell, sh } from '../../src/quote.ts';
import { PLAIN } from '../../src/ui/paint.ts';
import { Sandbox } from '../apply/sandbox.ts';
import { putRun, slotOf } from './records.ts';

let box: Sandbox;
beforeEach(() => {
  box = new Sandbox();
  box.program(
    'systemctl',
    `[ "$*" = "is-active --quiet hostwright-run-$(cat ${box.path}/active 2>/dev/null)" ]`,
  );
  // Everybody may go everywhere, as on a host: the sandbox itself is closed to others.
  box.program(
    'setpriv',
    'while [ "$1" != -- ]; do shift; done; shift; case $* in *closed*) exit 1 ;; esac; exec "$@"',
  );
});
afterEach(() => box.remove());

const NOON = Date.UTC(2026, 10, 22, 12) / 1000;
const owner = (more: object = {}) =>
  JSON.stringify({
    v: 1,
    kind: 'apply',
    host: 'attic',
    at: new Date(NOON * 1000).toISOString(),
    by: {
      user: 'mia',
      machine: 'laptop',
      process: 7,
      version: '0.2.0',
      folder: '/home/mia/attic',
      file: 'host.yaml',
    },
    client: '192.168.1.50',
    changes: 2,
    ...more,
  });
/** As a session's program runs it. */
const read = (script: Shell) =>
  box.sh(sh`PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH; LC_ALL=C; export LC_ALL
${script}`);
const list = (limit = 20) => {
  const { stdout, stderr } = read(listScript(limit));
  expect(stderr).toBe('');
  return parseJournal(stdout);
};
const show = (wanted: string) => {
  const { stdout, stderr } = read(showScript(wanted));
  expect(stderr).toBe('');
  return parseDetail(stdout, wanted);
};
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('the list of runs', () => {
  it('is empty on a host where hostwright never ran', () => {
    expect(list()).toEqual({ runs: [], total: 0 });
  });

  it('tells how each run stands, the newest by the clock of the host first', () => {
    const statuses = { a: '0', b: '1', c: '130', d: 'interrupted', e: 'refused', f: '0' };
    for (const [index, [id, status]] of Object.entries(statuses).entries())
      putRun(box, id, { began: NOON + index, status, files: id === 'f' ? { 'undone-by': 'g\n' } : {} });
    putRun(box, 'g', { began: NOON + 50, files: { 'owner.json': owner({ kind: 'rollback' }) } });
    putRun(box, 'h', { began: NOON + 60 });
    writeFileSync(join(box.path, 'state/current'), 'g\n');
    writeFileSync(join(box.path, 'active'), 'g');
    expect(list().runs.map(({ id, status, kind }) => [id, status, kind])).toEqual([
      ['h', 'interrupted', 'apply'],
      ['g', 'going on', 'rollback'],
      ['f', 'rolled back', 'apply'],
      ['e', 'refused', 'apply'],
      ['d', 'interrupted', 'apply'],
      ['c', 'stopped', 'apply'],
      ['b', 'failed', 'apply'],
      ['a', 'done', 'apply'],
    ]);
    expect(list().runs.find(({ id }) => id === 'f')?.undoneBy).toBe('g');
  });

  it('says who, from where, with what, when, and how long', () => {
    putRun(box, 'r1', { began: NOON + 2, ended: NOON + 9, status: '0', files: { 'owner.json': owner() } });
    expect(list().runs).toEqual([
      {
        id: 'r1',
        kind: 'apply',
        status: 'done',
        host: 'attic',
        owner: 'mia@laptop, process 7',
        by: {
          user: 'mia',
          machine: 'laptop',
          process: 7,
          version: '0.2.0',
          folder: '/home/mia/attic',
          file: 'host.yaml',
        },
        client: '192.168.1.50',
        changes: 2,
        started: '2026-11-22T12:00:02.000Z',
        ended: '2026-11-22T12:00:09.000Z',
        seconds: 7,
        pruned: false,
      },
    ]);
  });

  it('notes a clock of the host that is far off', () => {
    putRun(box, 'r1', { began: 100, status: '0', files: { 'owner.json': owner() } });
    const [run] = list().runs;
    expect(run?.clockOff).toBe(100 - NOON);
    expect(renderRun(show('r1'), PLAIN, false)).toMatch(/clock +the host's was \d+ days behind/);
  });

  it('does not say that a rollback reaches what has been taken back, or a rollback', () => {
    putRun(box, 'r1', { began: NOON, status: '0', files: { 'owner.json': owner(), 'undone-by': 'r2' } });
    putRun(box, 'r2', { began: NOON + 1, status: '0', files: { 'owner.json': owner({ kind: 'rollback' }) } });
    expect(list().reach).toBeUndefined();
    putRun(box, 'r3', { began: NOON + 2, status: '0', files: { 'owner.json': owner() } });
    expect(list().reach).toMatchObject({ run: 'r3' });
  });

  it('is bounded with thousands of runs, and says how far back a rollback reaches', () => {
    for (let index = 0; index < 1000; index += 1) {
      const id = `r${String(index).padStart(4, '0')}`;
      putRun(box, id, { began: NOON + index, status: '0', files: index === 500 ? { pruned: '' } : {} });
    }
    const journal = list(5);
    expect(journal.runs.map(({ id }) => id)).toEqual(['r0999', 'r0998', 'r0997', 'r0996', 'r0995']);
    expect(journal).toMatchObject({ total: 1000, reach: { run: 'r0501' } });
    expect(renderJournal('attic', journal, PLAIN)).toContain('and 995 older');
  });

  it('survives whatever a host holds', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.string({ unit: 'binary', maxLength: 300 }),
        (bytes, text) => {
          const files = {
            'owner.json': owner({ host: text, by: { user: text }, at: text }),
            'undone-by': text,
          };
          putRun(box, 'r1', { began: NOON, status: text, owner: text, files });
          putRun(box, 'r2', {
            began: NOON,
            owner: Buffer.from(bytes).toString('latin1'),
            files: { 'owner.json': Buffer.from(bytes) },
          });
          const journal = list();
          expect(journal.runs.map(({ id }) => id).sort()).toEqual(['r1', 'r2']);
          expect(renderJournal(text, journal, PLAIN)).not.toMatch(
            /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/,
          );
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('one run', () => {
  const plan = JSON.stringify({
    changes: ['one', 'two', 'three', 'four'].map((name) => ({
      ...{
        id: `file:/etc/${name}`,
        role: 'r',
        kind: 'file',
        action: 'update',
        summary: 'change the content',
      },
    })),
  });
  const resources = ['one', 'two', 'three', 'four']
    .map((name, index) => `${index}\t0\tfile\tplain\tfile:/etc/${name}\n`)
    .join('');

  it('is found by the beginning of its id, or as the last', () => {
    for (const [index, id] of ['20261122-1-aa', '20261122-2-bb', '20261123-1-cc'].entries())
      putRun(box, id, { began: NOON + index, status: '0' });
    expect(show('last').run.id).toBe('20261123-1-cc');
    expect(show('20261122-2').run.id).toBe('20261122-2-bb');
    expect(() => show('20261122')).toThrow(/20261122-2-bb, 20261122-1-aa/);
    expect(() => show('2027')).toThrow('There is no run 2027.');
  });

  it('says what became of each change', () => {
    const events = [
      'step-started\t0',
      'step-ended\t0\tchanged\t150',
      'step-started\t1',
      `step-ended\t1\tfailed\t3\t${base64('The change failed.')}\t${base64('E: \u001b[2Jno space\n')}`,
      'end\t1',
    ].join('\n');
    const files = { 'plan.json': plan, resources, events, 'undone/0': 'file:/etc/one\n' };
    putRun(box, 'r1', { began: NOON, status: '1', files });
    const { changes } = show('r1');
    expect(changes.map(({ outcome }) => outcome)).toEqual(['undone', 'failed', 'not reached', 'not reached']);
    expect(changes[1]).toMatchObject({ reason: 'The change failed.', output: 'E: \u001b[2Jno space' });
    expect(renderRun(show('r1'), PLAIN, false)).toContain('│ E: no space');
  });

  /** A path of this sandbox with what stands there now. */
  const standing = (name: string, content?: string): string => {
    const path = join(box.path, 'work', name);
    mkdirSync(join(path, '..'), { recursive: true });
    if (content !== undefined) writeFileSync(path, content);
    return path;
  };
  const kept = (run: string, step: number, path: string, content?: string, mode = 0o644): void => {
    const slot = `state/runs/${run}/before/${step}/0/${slotOf(path)}`;
    mkdirSync(join(box.path, slot, '..'), { recursive: true });
    writeFileSync(join(box.path, `${slot}.path`), path);
    if (content === undefined) return;
    writeFileSync(join(box.path, `${slot}.kept`), content);
    chmodSync(join(box.path, `${slot}.kept`), mode);
  };

  it('shows the difference between what it kept and what came after', () => {
    const [one, two, fresh] = [
      standing('one', 'a\nnow\n'),
      standing('two', 'same\n'),
      standing('new', 'new\n'),
    ];
    putRun(box, 'r1', { began: NOON, status: '0' });
    putRun(box, 'r2', { began: NOON + 10, status: '0' });
    putRun(box, 'r3', { began: NOON + 20, status: '0' });
    kept('r1', 0, one, 'a\nfirst\n');
    kept('r1', 1, two, 'same\n');
    kept('r1', 2, fresh);
    kept('r3', 5, one, 'a\nthird\n');
    kept('r2', 4, one, 'a\nsecond\n');
    const { paths } = show('r1');
    expect(paths.map(({ path }) => path)).toEqual([one, fresh]);
    // The record of the next run, not of the one after it, nor what stands there now.
    expect(paths[0]).toMatchObject({ seenBy: 'r2', diff: '@@ -1,2 +1,2 @@\n a\n-first\n+second' });
    expect(paths[1]).toMatchObject({ seenBy: 'now', before: { type: 'absent' } });
    expect(paths[1]?.diff).toContain('+new');
    expect(show('r3').paths[0]).toMatchObject({ seenBy: 'now', diff: '@@ -1,2 +1,2 @@\n a\n-third\n+now' });
  });

  it('shows only the size of what not everybody may read', () => {
    const before = standing('was-secret', 'SECRET now open\n');
    const after = standing('is-secret', 'SECRET\n');
    chmodSync(after, 0o640);
    const hidden = standing('closed/file', 'SECRET\n');
    putRun(box, 'r1', { began: NOON, status: '0' });
    kept('r1', 0, before, 'SECRET before\n', 0o600);
    kept('r1', 1, after, 'SECRET before\n');
    kept('r1', 2, hidden, 'SECRET before\n');
    const { stdout } = read(showScript('r1'));
    const sent = stdout
      .toString()
      .split(/\s/)
      .map((word) => Buffer.from(word, 'base64').toString());
    expect(sent.join('\n')).not.toContain('SECRET');
    const { paths } = parseDetail(stdout, 'r1');
    expect(paths.map(({ withheld }) => withheld?.slice(0, 9))).toEqual(Array(3).fill('Not every'));
    expect(paths[1]).toMatchObject({ before: { size: 14 }, after: { size: 7, mode: '0640' } });
  });

  it('never follows a link, reads no device, and does not carry large files', () => {
    const link = join(box.path, 'work/link');
    symlinkSync('/etc/shadow', link);
    const large = standing('large', 'x'.repeat(70_000));
    putRun(box, 'r1', { began: NOON, status: '0' });
    kept('r1', 0, link, 'a file\n');
    kept('r1', 1, large, 'small\n');
    kept('r1', 2, '/dev/zero', 'a file\n');
    const { paths } = show('r1');
    expect(paths[0]).toMatchObject({ after: { type: 'symbolic link', target: '/etc/shadow' } });
    expect(paths[0]?.diff).toBeUndefined();
    expect(paths[1]?.withheld).toBe('Too large to show.');
    expect(paths[2]?.after.type).toBe('character special file');
  });

  it('says when a path was changed since by other means', () => {
    const path = standing('one', 'by hand\n');
    putRun(box, 'r1', { began: NOON, status: '0' });
    kept('r1', 0, path, 'before\n');
    writeFileSync(join(box.path, `state/runs/r1/before/0/0/${slotOf(path)}.left`), 'file 0000\n');
    expect(show('r1').paths[0]).toMatchObject({ editedSince: true });
    // Taken back, what it had written is gone: what stands there now is none of its work.
    mkdirSync(join(box.path, 'state/runs/r1/undone'));
    writeFileSync(join(box.path, 'state/runs/r1/undone/0'), 'file:/etc/one\n');
    expect(show('r1').paths[0]).toMatchObject({
      editedSince: false,
      withheld: expect.stringContaining('taken back'),
    });
  });

  it('survives whatever a host holds', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.uint8Array({ maxLength: 200 }),
        (random, bytes) => {
          const text = `$(touch canary)"'${random}`;
          const raw = Buffer.from(bytes);
          const files = { 'plan.json': raw, resources: text, events: text, 'undone/0': raw };
          putRun(box, 'r1', { began: NOON, status: '0', files });
          const name = text.replaceAll(/[\0/]/g, '').slice(0, 40) || 'x';
          const path = join(box.path, 'work', name === '.' || name === '..' ? 'x' : name);
          kept('r1', 0, path, text);
          const shown = renderRun(show('r1'), PLAIN, false);
          expect(shown).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
          kept('r1', 0, `${path}\n\t`, text);
          expect(show('r1').run.id).toBe('r1');
          const left = [...readdirSync(join(box.path, 'work')), ...readdirSync(join(box.path, 'state/runs'))];
          expect(left).not.toContain('canary');
        },
      ),
      { numRuns: 15 },
    );
  });
});
