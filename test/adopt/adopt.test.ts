import { describe, expect, it } from 'vitest';
import { refuseConflicts } from '../../src/apply/refuse.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import type { Resource } from '../../src/resources/kind.ts';
import { allKinds, casesOf, contextOf } from '../resources/cases.ts';
import { adoptionOf } from './adoption.ts';

/** Taking over what was there before hostwright, for every kind in the registry: a new kind joins by its own file. */
describe.each(allKinds)('taking over what was there: $name', (kind) => {
  const asking = casesOf(kind.name).cases.flatMap((situation) => {
    if (situation.differs === false || situation.differs.conflict !== 'adopt') return [];
    const spec = kind.schema.parse(situation.spec);
    return [{ spec, state: kind.parse(Buffer.from(situation.output), [spec])[0], situation }];
  });

  it('is said: what there is to take over, or why there is nothing', async () => {
    const adoption = await adoptionOf(kind.name);
    if ('nothing' in adoption) {
      expect(adoption.nothing).toMatch(/^[A-Z].{20,}\.$/);
      expect(asking).toEqual([]);
    } else if (asking.length === 0) {
      throw new Error(`test/resources/cases/${kind.name}.yaml has no case with ‘conflict: adopt’.`);
    }
  });

  it.each(asking)(
    'stops, names the id and what to type, and goes on with that: $situation.about',
    ({ spec, state, situation }) => {
      const id = `${kind.name}:${kind.key(spec)}`;
      const resource: Resource = { kind: kind.name, id, spec, notify: [], guarded: false };
      const { remembered } = contextOf(situation);
      const plan = (adopt: readonly string[]) =>
        makePlan(
          'attic',
          { resources: [{ role: 'own', resource }], endpoints: [], notes: [] },
          {
            states: new Map([[id, state]]),
            remembered: new Map(remembered === undefined ? [] : [[id, remembered]]),
            underway: new Set(),
            pending: [],
          },
          { adopt, onConflict: 'stop' },
        );
      expect(() => refuseConflicts(plan([]))).toThrow(id);
      try {
        refuseConflicts(plan([]));
      } catch (error) {
        expect(error).toMatchObject({ hint: expect.stringMatching(/--adopt/) });
        expect((error as { hint: string }).hint).toContain(id);
      }
      const adopted = plan([id]);
      expect(() => refuseConflicts(adopted)).not.toThrow();
      expect(adopted.foreignTouched).toEqual([id]);
      expect(adopted.changes[0]?.diff ?? adopted.changes[0]?.summary).toBeTruthy();
    },
  );
});
