import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runScript } from '../../src/apply/script.ts';
import { makePlan, type PlanOptions } from '../../src/plan/make-plan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { kind as file } from '../../src/resources/file.ts';
import type { Resource, ResourceOptions } from '../../src/resources/kind.ts';

const OPTIONS: PlanOptions = { adopt: [], onConflict: 'stop' };

function planOf(...resources: Resource[]): Plan {
  const states = new Map(
    resources.map(({ id, spec }) => [id, file.parse(Buffer.alloc(0), [spec as never])[0]]),
  );
  const composition = {
    resources: resources.map((resource) => ({ role: 'test', resource })),
    endpoints: [],
    notes: [],
  };
  return makePlan(
    'attic',
    composition,
    { states, remembered: new Map(), underway: new Set(), pending: [] },
    OPTIONS,
  );
}

const config = (path: string, content: string, options: ResourceOptions = {}): Resource =>
  file.of({ path, content }, options);

const parses = (script: string): void => {
  execFileSync('dash', ['-n'], { input: script, stdio: ['pipe', 'ignore', 'pipe'] });
};

describe('the script of a run', () => {
  it('groups files that are validated together, and keeps others apart', () => {
    const validate = { root: '/etc/nginx', command: ['nginx', '-t'] };
    const plan = planOf(
      config('/etc/nginx/a.conf', 'a', { validate }),
      config('/etc/nginx/b.conf', 'b', { validate }),
      config('/etc/other', 'c'),
    );
    expect(plan.steps.map(({ changes }) => changes.map(({ change }) => change.id))).toEqual([
      ['file:/etc/nginx/a.conf', 'file:/etc/nginx/b.conf'],
      ['file:/etc/other'],
    ]);
    const { script } = runScript(plan, { id: 'r1', owner: 'a test' });
    expect(script.text.match(/unshare --mount/g)).toHaveLength(1);
    parses(script.text);
  });

  it('asks for confirmation once, after the last guarded step and before the first that is not', () => {
    const plan = planOf(
      config('/etc/one', '1', { guarded: true }),
      config('/etc/two', '2', { guarded: true }),
      config('/etc/three', '3'),
    );
    const { script } = runScript(plan, { id: 'r1', owner: 'a test' });
    const calls = script.text.slice(script.text.lastIndexOf('hw_steps() {')).split('\n');
    expect(calls.filter((line) => /^hw_(step |confirm)/.test(line))).toEqual([
      'hw_step 0 guarded',
      'hw_step 1 guarded',
      'hw_confirm',
      'hw_step 2 plain',
    ]);
  });

  it('carries content as blobs, never in the script', () => {
    const { script, blobs } = runScript(planOf(config('/etc/one', 'the content')), {
      id: 'r1',
      owner: 'a test',
    });
    expect(script.text).not.toContain('the content');
    expect(blobs.map(({ size }) => size)).toEqual([11]);
  });

  it('is valid sh whatever the owner, the paths and the notified services are called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.stringMatching(/^[ -~]{1,40}$/), (owner, name) => {
        fc.pre(!owner.includes('\0') && !/^\.{1,2}$|\/|\/\.{1,2}\//.test(name));
        const { script } = runScript(planOf(config(`/etc/${name}`, 'x')), { id: 'r1', owner });
        parses(script.text);
      }),
      { numRuns: 40 },
    );
  });
});
