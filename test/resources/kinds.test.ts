import { describe, expect, it } from 'vitest';
import { allKinds, casesOf, contextOf, mustHaveCases } from './cases.ts';

/** From what a host says to what the plan shows, for every kind in the registry: a new kind joins by its case file. */
describe.each(allKinds)('kind $name', (kind) => {
  const { cases, refused } = casesOf(kind.name);

  it.each(cases)('$about', ({ differs, ...situation }) => {
    const spec = kind.schema.parse(situation.spec);
    const [state] = kind.parse(Buffer.from(situation.output), [spec]);
    const difference = kind.diff(spec, state, contextOf(situation));
    if (differs === false) return expect(difference).toBeUndefined();
    const { diff: _, ...shown } = difference ?? {};
    expect(shown).toEqual(differs);
  });

  it('has cases, one with nothing to do among them', () => {
    mustHaveCases(kind.name);
    expect(cases.filter(({ differs }) => differs === false)).not.toEqual([]);
  });

  it('asks before it touches what was there before', () => {
    for (const situation of cases) {
      const spec = kind.schema.parse(situation.spec);
      const [state] = kind.parse(Buffer.from(situation.output), [spec]);
      const foreign = kind.diff(spec, state, { adopted: false });
      const adopted = kind.diff(spec, state, { adopted: true });
      if (foreign?.conflict === 'adopt') expect(adopted?.conflict, situation.about).not.toBe('adopt');
      if (foreign?.touchesForeign) expect(adopted?.touchesForeign, situation.about).toBe(true);
    }
  });

  it('gives every spec an id of its own that stays the same', () => {
    const again = casesOf(kind.name).cases;
    for (const [index, { spec }] of cases.entries()) {
      const parsed = kind.schema.parse(spec);
      expect(kind.key(parsed)).toBe(kind.key(kind.schema.parse(again[index]?.spec)));
      expect(kind.key(parsed)).not.toMatch(/[\n\t\0]/);
    }
  });

  it('shows its changes on one line', () => {
    for (const { differs } of cases) {
      if (differs) expect(differs.summary).not.toMatch(/[\r\n\t\0]/);
    }
  });

  it.each(refused.map((spec) => [JSON.stringify(spec), spec]))('refuses %s', (_, spec) => {
    expect(kind.schema.safeParse(spec).success).toBe(false);
  });
});
