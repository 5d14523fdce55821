import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { library } from '../../../src/apply/library.ts';
import { readPreview, withPreview } from '../../../src/apply/undo/preview.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { sh } from '../../../src/quote.ts';
import { Sandbox } from '../sandbox.ts';

let box: Sandbox;
beforeEach(() => {
  box = new Sandbox();
});
afterEach(() => box.remove());

const place = { run: 'r', step: 0, part: 0 };

/** Keeps a file as a step does, changes it, and notes what was left. */
function step(path: string, change: string, run = 'r'): void {
  const before = join(box.path, `state/runs/${run}/before/0/0`);
  mkdirSync(before, { recursive: true });
  const { status, stderr } = box.sh(sh`${library}
HW_BEFORE=${before}
hw_keep ${path} && printf '%s' ${change} >${path} && hw_note_left`);
  if (status !== 0) throw new Error(stderr);
}

function plan(id: string, action: 'update' | 'remove' = 'update'): Plan {
  const change = { id, role: '', kind: id.slice(0, id.indexOf(':')), action, summary: 'undo' };
  return {
    ...{ host: 'h', unchanged: 0, foreignTouched: [], pending: [], notes: [], endpoints: [], services: {} },
    changes: [change],
    steps: [{ undoing: true, changes: [{ change, resource: {}, step: {} }] }],
  } as unknown as Plan;
}

const preview = (seen: Plan, packages: readonly string[] = []): Plan =>
  withPreview(seen, [place], box.sh(readPreview([place], packages)).stdout);

describe('what a rollback shows beforehand', () => {
  it('is how each file would become', () => {
    const path = join(box.path, 'a\tb');
    writeFileSync(path, 'old\n');
    step(path, 'new\n');
    const { changes, notes } = preview(plan(`file:${path}`));
    expect(changes[0]?.diff).toBe('@@ -1,1 +1,1 @@\n-new\n+old');
    expect(notes).toEqual([]);
  });

  it('names what was changed since', () => {
    const path = join(box.path, 'a');
    writeFileSync(path, 'old\n');
    step(path, 'new\n');
    writeFileSync(path, 'newer\n');
    expect(preview(plan(`file:${path}`)).notes.map(({ text }) => text)).toEqual([
      `${path} was changed since by somebody else: that is put aside, not lost.`,
    ]);
  });

  it('finds what the newer steps have put back by then', () => {
    const path = join(box.path, 'a');
    writeFileSync(path, 'old\n');
    step(path, 'new\n', 'r1');
    step(path, 'newest\n', 'r2');
    const places = ['r2', 'r1'].map((run) => ({ run, step: 0, part: 0 }));
    const notes = (): readonly unknown[] =>
      withPreview(plan(`file:${path}`), places, box.sh(readPreview(places, [])).stdout).notes;
    expect(notes()).toEqual([]);
    writeFileSync(path, 'by hand\n');
    expect(notes()).toHaveLength(1);
  });

  it('names what was changed by hand between two runs', () => {
    const path = join(box.path, 'a');
    writeFileSync(path, 'old\n');
    step(path, 'new\n', 'r1');
    writeFileSync(path, 'by hand\n');
    step(path, 'newest\n', 'r2');
    const places = ['r2', 'r1'].map((run) => ({ run, step: 0, part: 0 }));
    const seen = withPreview(plan(`file:${path}`), places, box.sh(readPreview(places, [])).stdout);
    expect(seen.notes.map(({ text }) => text)).toEqual([
      `${path} was changed since by somebody else: that is put aside, not lost.`,
    ]);
  });

  it('shows nothing of a file that not everybody may read', () => {
    const path = join(box.path, 'a');
    writeFileSync(path, 'secret\n', { mode: 0o640 });
    step(path, 'other secret\n');
    const [change] = preview(plan(`file:${path}`)).changes;
    expect(change).not.toHaveProperty('diff');
    expect(box.sh(readPreview([place], [])).stdout.toString()).not.toContain(
      Buffer.from('secret\n').toString('base64'),
    );
  });

  it('names what needs a package by now', () => {
    box.program('dpkg-query', 'echo "ii nginx"');
    box.program('setpriv', 'echo "Remv php-fpm [8.2]"; echo "Remv nginx [1.22]"');
    const seen = withPreview(
      plan('package:nginx', 'remove'),
      [place],
      box.sh(sh`PATH=${box.bin}:$PATH
${readPreview([place], ['nginx'])}`).stdout,
    );
    expect(seen.notes.map(({ text }) => text)).toEqual([
      'php-fpm came later and cannot do without them: packages that are needed stay.',
    ]);
  });
});
