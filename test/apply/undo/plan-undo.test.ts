import { describe, expect, it } from 'vitest';
import { planRemove } from '../../../src/apply/undo/plan-remove.ts';
import { planRollback, rollbackDone } from '../../../src/apply/undo/plan-rollback.ts';
import { parseRecords, type RunRecord } from '../../../src/apply/undo/records.ts';
import { HostError } from '../../../src/errors.ts';

interface Made {
  readonly id: string;
  readonly role?: string;
  readonly guarded?: boolean;
  readonly undone?: boolean;
}

/** What a host says of a run whose steps each made one resource, or several at once. */
function run(
  id: string,
  steps: readonly (readonly Made[])[],
  kind = 'apply',
  recorded = steps.length,
): string {
  const b64 = (text: string): string => Buffer.from(text).toString('base64');
  const all = steps.flat();
  const plan = {
    kind,
    changes: all.map((made) => ({
      ...{ id: made.id, role: made.role ?? 'blog', kind: made.id.split(':')[0], action: 'create' },
      summary: `make ${made.id}`,
    })),
    steps: steps.map((parts) => ({
      ...{ guarded: parts.some(({ guarded }) => guarded), batch: parts.length > 1, undoing: false },
      parts: parts.map((made) => ({ id: made.id, notify: [], undoable: true, remembered: `was ${made.id}` })),
    })),
    services: { [`service-${id}`]: ['true'] },
  };
  const undone = steps.flatMap((parts, index) => {
    const ids = parts.filter((made) => made.undone).map((made) => made.id);
    return ids.length > 0 ? [`undone\t${index}\t${b64(ids.join('\n'))}`] : [];
  });
  return [
    `run\t${id}`,
    `owner\t${b64('pi@laptop')}`,
    `plan\t${b64(JSON.stringify(plan))}`,
    ...steps.slice(0, recorded).map((_, index) => `recorded\t${index}`),
    ...undone,
  ].join('\n');
}

const records = (...runs: readonly string[]): readonly RunRecord[] =>
  parseRecords(Buffer.from(`${runs.join('\n')}\n`));

const older = run('20260101-100000-aaaaaa', [
  [{ id: 'package:nginx' }, { id: 'package:curl' }],
  [{ id: 'file:/etc/a' }],
  [{ id: 'service:nginx' }],
]);
const newer = run('20260102-100000-bbbbbb', [[{ id: 'file:/etc/a' }], [{ id: 'file:/etc/b', role: 'shop' }]]);
const ids = (plan: { readonly changes: readonly { readonly id: string }[] }): readonly string[] =>
  plan.changes.map(({ id }) => id);

describe('a rollback', () => {
  it('takes the last run back, its last step first', () => {
    const { plan } = planRollback('attic', records(newer, older));
    expect(plan.undoes).toEqual(['20260102-100000-bbbbbb']);
    expect(ids(plan)).toEqual(['file:/etc/b', 'file:/etc/a']);
  });

  it('does not go over a gap in what is kept', () => {
    const gap = older.replace('recorded\t1', 'pruned\t1');
    expect(() => planRollback('attic', records(newer, gap), '20260101')).toThrow(
      /run 20260101-100000-aaaaaa back .* no longer kept/,
    );
    expect(planRollback('attic', records(newer, gap)).plan.undoes).toEqual(['20260102-100000-bbbbbb']);
    // What was taken back before its record went leaves no gap.
    const undone = run('20260101-100000-cccccc', [[{ id: 'file:/etc/c', undone: true }]]).replace(
      'recorded\t0',
      'pruned\t0',
    );
    expect(
      planRollback('attic', records(newer, undone, older), '20260101-100000-aa').plan.undoes,
    ).toHaveLength(2);
  });

  it('takes newer runs back first', () => {
    const { plan } = planRollback('attic', records(newer, older), '20260101');
    expect(ids(plan)).toEqual([
      ...['file:/etc/b', 'file:/etc/a', 'service:nginx', 'file:/etc/a', 'package:nginx', 'package:curl'],
    ]);
    expect(plan.steps.at(-1)?.batch).toBeDefined();
  });

  it('leaves what was taken back, and what was never tried', () => {
    const partly = run(
      '20260103-100000-cccccc',
      [[{ id: 'file:/a' }], [{ id: 'file:/b', undone: true }], [{ id: 'file:/c' }]],
      'apply',
      2,
    );
    expect(ids(planRollback('attic', records(partly)).plan)).toEqual(['file:/a']);
  });

  it('goes to before a run that was taken back already, over what came after it', () => {
    const unconfirmed = run('20260101-090000-dddddd', [[{ id: 'file:/a', undone: true }]]);
    const { plan } = planRollback('attic', records(newer, older, unconfirmed), '20260101-09');
    expect(plan.undoes).toEqual(['20260102-100000-bbbbbb', '20260101-100000-aaaaaa']);
    expect(plan.notes[0]?.text).toContain('dddddd has been taken back already: only what came after');
    const done = planRollback('attic', records(unconfirmed), '20260101-09').plan;
    expect(done.changes).toEqual([]);
    expect(done.notes[0]?.text).toContain('dddddd has been taken back already: nothing is left to do');
  });

  it('lets the host remember what it did before', () => {
    const [step] = planRollback('attic', records(newer)).plan.steps;
    expect(step?.changes[0]?.step.remember).toBe('was file:/etc/b');
  });

  it.each([
    ['nothing was ever done', records(), undefined],
    ['there is no such run', records(newer), '2025'],
    ['more than one begins so', records(newer, older), '2026'],
    ['it is no apply', records(run('20260104-100000-dddddd', [[{ id: 'file:/a' }]], 'remove')), '20260104'],
  ])('refuses when %s', (_, known, wanted) => {
    expect(() => planRollback('attic', known, wanted)).toThrow(HostError);
  });

  it('names the runs that could be meant', () => {
    expect(() => planRollback('attic', records(newer, older), '2026')).toThrow(
      'Several runs begin with ‘2026’: 20260102-100000-bbbbbb, 20260101-100000-aaaaaa.',
    );
  });

  it('is done when it was going on already and has been followed to its end', () => {
    const undone = run('20260102-100000-bbbbbb', [[{ id: 'file:/etc/a', undone: true }]]);
    const rollback = run('20260103-100000-cccccc', [], 'rollback');
    const known = records(rollback, undone, older);
    const followed = { run: '20260103-100000-cccccc', ok: true };
    expect(rollbackDone('attic', known, followed)).toMatchObject({ kind: 'rollback', changes: [] });
    expect(rollbackDone('attic', known, followed, '20260102')).toMatchObject({ changes: [] });
    // There is more to do: it went wrong, it was something else, or an older run is wanted.
    expect(rollbackDone('attic', known, { ...followed, ok: false })).toBeUndefined();
    expect(rollbackDone('attic', known, { run: '20260102-100000-bbbbbb', ok: true })).toBeUndefined();
    expect(rollbackDone('attic', known, followed, '20260101')).toBeUndefined();
    expect(rollbackDone('attic', known, undefined)).toBeUndefined();
  });

  it('says of a damaged record where it is', () => {
    const damaged = 'run\tx\nowner\t\nplan\tAAAA\n';
    expect(() => parseRecords(Buffer.from(damaged))).toThrow(/run x on the host cannot be read/);
  });
});

describe('a removal', () => {
  const plan = (goes: (id: string, role: string) => boolean) =>
    planRemove({ host: 'attic', records: records(newer, older), goes, all: false, purgeData: false }).plan;

  it('takes back every step that touched a resource, the newest first', () => {
    expect(ids(plan((id) => id === 'file:/etc/a'))).toEqual(['file:/etc/a', 'file:/etc/a']);
  });

  it('names of a batch only what goes', () => {
    const [step] = plan((id) => id === 'package:curl').steps;
    const change = step?.changes[0]?.step.change.text ?? '';
    expect(change).toContain(`undo 0 0 "$HW_ID" 'curl'`);
    expect(plan((id) => id.startsWith('package:')).steps[0]?.batch?.change.text).toContain(
      `undo 0 0 "$HW_ID" \n`,
    );
  });

  it('names them also when the rest of the batch was taken back before: it may be there again', () => {
    const half = run('20260101-100000-aaaaaa', [
      [{ id: 'package:nginx', undone: true }, { id: 'package:curl' }],
    ]);
    const whole = planRemove({
      ...{ host: 'attic', records: records(half), goes: () => true, all: true, purgeData: false },
    });
    expect(whole.plan.steps[0]?.changes[0]?.step.change.text).toContain(`undo 0 0 "$HW_ID" 'curl'`);
  });

  it('says what cannot become again what it was, since its record went', () => {
    const gap = older.replace('recorded\t1', 'pruned\t1');
    const { plan: all } = planRemove({
      ...{ host: 'attic', records: records(newer, gap), goes: () => true, all: true, purgeData: false },
    });
    expect(all.notes.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^file:\/etc\/a: what it was before hostwright is no longer kept/),
    ]);
  });

  it('knows the role that made a resource', () => {
    expect(ids(plan((_, role) => role === 'shop'))).toEqual(['file:/etc/b']);
  });
});
