import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HostRun } from '../../src/cli/host-run.ts';
import { readSavedPlan, requireSamePlan, savePlan } from '../../src/cli/saved-plan.ts';
import { HostError } from '../../src/errors.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { type Shell, sh } from '../../src/quote.ts';
import { folderWith } from './hostwright.ts';

const planOf = (
  changes: Readonly<Record<string, { readonly unmoved: Shell; readonly change: Shell }>>,
): Plan => ({
  host: 'attic',
  changes: [],
  steps: Object.entries(changes).map(([id, { unmoved, change }]) => ({
    changes: [
      {
        change: {
          id,
          role: 'blog',
          kind: 'file',
          action: 'update',
          summary: 'the SUMMARY',
          diff: 'the DIFF',
        },
        resource: { kind: 'file', id, spec: {}, notify: [], guarded: false },
        step: { converged: sh`false`, unmoved, record: sh`:`, change },
      },
    ],
  })),
  unchanged: 0,
  foreignTouched: [],
  pending: [],
  notes: [],
  endpoints: [],
  services: {},
});

const A = { unmoved: sh`test ${'old'} = now`, change: sh`echo ${'new'}` };
const B = { unmoved: sh`test ${'older'} = now`, change: sh`echo ${'new'}` };

async function saved(plan: Plan) {
  const cwd = await folderWith({});
  const run = {
    host: { file: 'host.yaml' },
    context: {
      cwd,
      globals: { adopt: ['file:/a'], onConflict: 'take', closeUnlisted: false, connect: 'lab' },
    },
  } as unknown as HostRun;
  await savePlan('today.plan', plan, run, 'blog');
  const path = join(cwd, 'today.plan');
  const read = await readSavedPlan(path);
  if (!read) throw new Error('It was saved and is not a saved plan');
  return { read, text: await readFile(path, 'utf8') };
}

describe('a saved plan', () => {
  it('is the same plan as long as every change is the same', async () => {
    const { read } = await saved(planOf({ 'file:/a': A, 'file:/b': B }));
    expect(() => requireSamePlan(read, planOf({ 'file:/a': A, 'file:/b': B }))).not.toThrow();
  });

  it.each([
    ['starts from another state', { 'file:/a': B }, 'file:/a would change otherwise'],
    ['is gone', {}, 'file:/a needs no change any more'],
    ['came up', { 'file:/a': A, 'file:/b': B }, 'file:/b needs a change now'],
  ])('is another plan when a change %s, and that one is named', async (_, now, said) => {
    const { read } = await saved(planOf({ 'file:/a': A }));
    expect(() => requireSamePlan(read, planOf(now))).toThrow(HostError);
    expect(() => requireSamePlan(read, planOf(now))).toThrow(said);
  });

  it('remembers the options and where the host file is, and holds no content', async () => {
    const { read, text } = await saved(planOf({ 'file:/a': A }));
    expect(read).toMatchObject({
      ...{ hostFile: 'host.yaml', only: 'blog', connect: 'lab' },
      ...{ adopt: ['file:/a'], onConflict: 'take' },
    });
    expect(text).not.toMatch(/DIFF|SUMMARY|echo/);
  });

  it('is not mistaken for a host file, nor the other way round', async () => {
    const cwd = await folderWith({ 'host.yaml': 'host: attic\n' });
    expect(await readSavedPlan(join(cwd, 'host.yaml'))).toBeUndefined();
    expect(await readSavedPlan(join(cwd, 'none.yaml'))).toBeUndefined();
  });
});
