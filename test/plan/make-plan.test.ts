import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makePlan, type PlanOptions } from '../../src/plan/make-plan.ts';
import { describeTotals } from '../../src/plan/totals.ts';
import type { FileState } from '../../src/resources/file/observe.ts';
import { kind as file } from '../../src/resources/file.ts';
import type { Resource } from '../../src/resources/kind.ts';

const PATH = '/etc/motd';
const resource: Resource = file.of({ path: PATH, content: 'ours\n' });
const WRITTEN = '6c7a0eb0b7eb8f2c6ad9bc8a6c6e1a2a';

const found = (content: string): FileState => {
  const lines = [
    `stat\tregular file\t644\troot\troot\t${content.length}\t${PATH}`,
    `sum\t${WRITTEN.padEnd(64, content === 'ours\n' ? '0' : '1')}  ${PATH}`,
    `old\t${Buffer.from(content).toString('base64')}\t${PATH}`,
  ];
  const [state] = file.parse(Buffer.from(lines.join('\n')), [resource.spec as never]);
  if (!state) throw new Error('not parsed');
  return state;
};

function plan(
  state: FileState | undefined,
  remembered: Record<string, string>,
  options: Partial<PlanOptions> = {},
  underway: ReadonlySet<string> = new Set(),
) {
  return makePlan(
    'attic',
    { resources: [{ role: 'own', resource }], endpoints: [], notes: [] },
    {
      states: new Map([[resource.id, state ?? file.parse(Buffer.alloc(0), [resource.spec as never])[0]]]),
      remembered: new Map(Object.entries(remembered)),
      underway,
      pending: [],
    },
    { adopt: [], onConflict: 'stop', ...options },
  );
}

describe('making a plan', () => {
  it('creates what is not there', () => {
    expect(plan(undefined, {}).changes).toMatchObject([
      { id: 'file:/etc/motd', action: 'create', role: 'own' },
    ]);
  });

  it('does not take over what was there before, unless told to', () => {
    const before = plan(found('theirs\n'), {});
    expect(before.changes).toMatchObject([{ conflict: 'adopt' }]);
    expect(before.foreignTouched).toEqual(['file:/etc/motd']);
    const adopted = plan(found('theirs\n'), {}, { adopt: ['file:/etc/motd'] });
    expect(adopted.changes[0]?.conflict).toBeUndefined();
    expect(adopted.foreignTouched).toEqual(['file:/etc/motd']);
  });

  it('takes what an interrupted run left half made for its own, unless that had a past', () => {
    const underway = new Set(['file:/etc/motd']);
    expect(plan(found('half\n'), {}, {}, underway).changes[0]?.conflict).toBeUndefined();
    const remembered = { 'file:/etc/motd': 'another hash' };
    expect(plan(found('edited\n'), remembered, {}, underway).changes).toMatchObject([{ conflict: 'edited' }]);
  });

  it('updates what it wrote itself without asking, and touches nothing of others', () => {
    const state = found('older\n');
    const { changes, foreignTouched } = plan(state, { 'file:/etc/motd': state.sha256 });
    expect(changes).toMatchObject([{ action: 'update' }]);
    expect(changes[0]?.conflict).toBeUndefined();
    expect(changes[0]?.diff).toContain('-older');
    expect(foreignTouched).toEqual([]);
  });

  it('stops at, keeps or takes what was edited by hand, as the user says of all or of one', () => {
    const remembered = { 'file:/etc/motd': 'another hash' };
    expect(plan(found('edited\n'), remembered).changes).toMatchObject([{ conflict: 'edited' }]);
    const kept = plan(found('edited\n'), remembered, { onConflict: 'keep' });
    expect(kept.changes).toMatchObject([{ settles: true }]);
    expect(kept.changes[0]?.conflict).toBeUndefined();
    expect(plan(found('edited\n'), remembered, { onConflict: 'take' }).changes[0]?.conflict).toBeUndefined();
    const choices = new Map([['file:/etc/motd', 'keep' as const]]);
    const one = plan(found('edited\n'), remembered, { onConflict: 'take', choices });
    expect(one.changes).toMatchObject([{ settles: true }]);
  });

  it('leaves an edit alone that nothing is in the way of, and says so', () => {
    const ours = createHash('sha256').update('ours\n').digest('hex');
    const edited = plan(found('edited\n'), { 'file:/etc/motd': `${ours} 0644 root root` });
    expect(edited).toMatchObject({ changes: [], unchanged: 1 });
    expect(edited.kept).toEqual([{ id: 'file:/etc/motd', role: 'own', edit: 'edited by hand' }]);
    expect(describeTotals(edited)).not.toContain('all 1');
    const taken = plan(found('edited\n'), { 'file:/etc/motd': ours }, { onConflict: 'take' });
    expect(taken.changes).toMatchObject([{ summary: 'change the content' }]);
  });

  it('names what an earlier host file left behind, but not when only one role is planned', () => {
    const remembered = { 'file:/etc/old': 'x' };
    expect(plan(undefined, remembered).notes).toMatchObject([
      { text: expect.stringContaining('file:/etc/old') },
    ]);
    expect(plan(undefined, remembered, { only: 'own' }).notes).toEqual([]);
  });
});
