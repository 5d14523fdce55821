import { describe, expect, it } from 'vitest';
import type { OwnedResource } from '../../src/compose/collect.ts';
import type { Folder } from '../../src/host/folder.ts';
import { attribute } from '../../src/plan/attribute.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { planObject } from '../../src/plan/render-json.ts';
import { renderPlanMarkdown } from '../../src/plan/render-markdown.ts';
import { renderPlanText } from '../../src/plan/render-text.ts';
import { specDigests } from '../../src/plan/spec-digest.ts';
import { kind as file } from '../../src/resources/file.ts';
import type { Resource } from '../../src/resources/kind.ts';
import { kind as tree } from '../../src/resources/tree.ts';
import { PLAIN } from '../../src/ui/paint.ts';

const owned = (...resources: Resource[]): OwnedResource[] =>
  resources.map((resource) => ({ role: 'own', resource }));

const conf = (path: string, content: string): Resource => file.of({ path, content });

const ABSENT = { type: 'absent', description: 'nothing', mode: '', owner: '', group: '', sha256: '' };

/** A plan that changes every one of the resources, as if none of them were there. */
function planFor(resources: readonly OwnedResource[], remembered: Readonly<Record<string, string>>): Plan {
  const states = new Map<string, unknown>(
    resources.map(({ resource }) => [
      resource.id,
      resource.kind === 'tree' ? { entries: new Map(), placed: new Map() } : ABSENT,
    ]),
  );
  return makePlan(
    'attic',
    { resources, endpoints: [], notes: [] },
    { states, remembered: new Map(Object.entries(remembered)), underway: new Set(), pending: [] },
    { adopt: [], onConflict: 'stop' },
  );
}

const reasons = ({ changes }: Plan) => Object.fromEntries(changes.map(({ id, because }) => [id, because]));

describe('after an upgrade', () => {
  it('tells the user’s changes, the new version’s and those of the host apart', () => {
    const applied = owned(conf('/a', 'old'), conf('/b', 'old'), conf('/c', 'same'), conf('/e', 'old'));
    const earlier = owned(
      conf('/a', 'old'),
      conf('/b', 'new template'),
      conf('/c', 'same'),
      conf('/n', 'new'),
      conf('/e', 'x'),
    );
    const now = owned(
      ...[conf('/a', 'mine'), conf('/b', 'new template'), conf('/c', 'same'), conf('/d', 'mine')],
      ...[conf('/n', 'new'), conf('/e', 'y')],
    );
    const known = { 'file:/a': '1', 'file:/b': '1', 'file:/c': '1', 'file:/e': '1' };
    const plan = attribute(planFor(now, known), {
      ...{ from: '0.1.0', to: '0.2.0', specs: specDigests(applied), earlier },
    });
    expect(reasons(plan)).toEqual({
      'file:/a': 'you',
      'file:/b': 'version',
      'file:/c': 'drift',
      'file:/d': 'you',
      'file:/n': 'version',
      // Changed by both: what the user wrote is what matters.
      'file:/e': 'you',
    });
    const text = renderPlanText(plan, { paint: PLAIN, columns: 100, verbose: false });
    const titles = text.split('\n').filter((line) => line.startsWith('— '));
    expect(titles).toEqual([
      '— Changed by you —',
      '— New in hostwright 0.2.0 —',
      '— Changed on the host since —',
    ]);
    expect(text.indexOf('file:/b')).toBeGreaterThan(text.indexOf('New in hostwright'));
    expect(renderPlanMarkdown(plan)).toMatch(/file:\/b.* \(new in hostwright 0.2.0\) \|/);
    expect(planObject(plan)).toMatchObject({ upgrade: { from: '0.1.0', to: '0.2.0' } });
    expect(planObject(plan).changes[0]).toMatchObject({ because: 'you' });
  });

  it('takes nothing for drift that was never put in place', () => {
    const same = owned(conf('/a', 'same'));
    const before = { from: '0.1.0', to: '0.2.0', specs: specDigests(same), earlier: same };
    expect(reasons(attribute(planFor(same, {}), before))).toEqual({ 'file:/a': 'you' });
  });

  it('holds what cannot be compared for the user’s', () => {
    const [was, is] = [owned(conf('/a', 'old')), owned(conf('/a', 'new'))];
    const before = { from: '0.1.0', to: '0.2.0', specs: specDigests(was), earlier: undefined };
    expect(reasons(attribute(planFor(is, { 'file:/a': '1' }), before))).toEqual({ 'file:/a': 'you' });
  });

  it('knows new pages for the user’s, and where the folder lies for nothing', () => {
    const folder = (path: string, sha256: string): Folder => ({
      ...{ path, skipped: [], files: [{ path: 'index.html', size: 1, sha256, executable: false }] },
    });
    const site = (from: Folder, fileMode = '0644') =>
      owned(tree.of({ path: '/var/www/a', folder: from, fileMode }));
    const was = specDigests(site(folder('/home/anna/public', 'a'.repeat(64))));
    const reason = (now: OwnedResource[]) =>
      attribute(planFor(now, { 'tree:/var/www/a': '1' }), { from: '1', to: '2', specs: was, earlier: now })
        .changes[0]?.because;
    expect(reason(site(folder('/srv/b', 'a'.repeat(64))))).toBe('drift');
    expect(reason(site(folder('/srv/b', 'b'.repeat(64))))).toBe('you');
    expect(reason(site(folder('/srv/b', 'a'.repeat(64)), '0640'))).toBe('version');
  });

  it('shows the plan as ever when the version is the same', () => {
    const text = renderPlanText(planFor(owned(conf('/a', 'x')), {}), {
      ...{ paint: PLAIN, columns: 100, verbose: false },
    });
    expect(text).not.toContain('—');
  });
});
