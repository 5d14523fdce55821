import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, rememberedLine } from '../../src/resources/file/decide.ts';
import { hasMarkers, type Merge, mergeText } from '../../src/resources/file/merge.ts';
import { type FileState, hash } from '../../src/resources/file/observe.ts';
import { kind as file } from '../../src/resources/file.ts';
import type { DiffContext } from '../../src/resources/kind.ts';

const merged = (base: string, ours: string, theirs: string): Merge => {
  const merge = mergeText(Buffer.from(base), Buffer.from(ours), Buffer.from(theirs));
  if (!merge) throw new Error('not merged at all');
  return merge;
};
const text = (merge: Merge): string => (merge.clean ? merge.content : merge.marked).toString();
const count = (where: string, line: string): number => where.split('\n').filter((one) => one === line).length;

const ending = fc.constantFrom('\n', '\r\n', '');
const joined = (lines: readonly string[], last: string): string =>
  lines.map((line, index) => line + (index === lines.length - 1 ? last : '\n')).join('');

/** Lines of a base, some dropped, with lines of one's own between them that nobody else has. */
const edit = (base: readonly string[], mark: string) =>
  fc
    .tuple(
      fc.array(fc.boolean(), { minLength: base.length, maxLength: base.length }),
      fc.array(fc.nat(4), { minLength: base.length + 1, maxLength: base.length + 1 }),
    )
    .map(([drops, inserts]) => {
      let next = 0;
      const own = (number: number): string[] =>
        Array.from({ length: number }, () => {
          next += 1;
          return `${mark}${next}`;
        });
      return base.flatMap((line, index) => [
        ...((inserts[index] ?? 0) > 3 ? own(2) : []),
        ...(drops[index] && (inserts[index] ?? 0) > 1 ? [] : [line]),
      ]);
    });

const versions = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd', ''), { maxLength: 12 })
  .chain((base) => fc.tuple(fc.constant(base), edit(base, 'ours'), edit(base, 'theirs')));

describe('merging three versions of a text', () => {
  it('changes nothing that one side alone, or both alike, did', () => {
    const any = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r', 'é', '\u{1F600}', ' ') });
    fc.assert(
      fc.property(any, any, (base, other) => {
        expect(text(merged(base, other, base))).toBe(other);
        expect(text(merged(base, base, other))).toBe(other);
        expect(text(merged(base, other, other))).toBe(other);
      }),
    );
  });

  it('keeps bytes that are no UTF-8', () => {
    const theirs = Buffer.from([0xff, 0x0a, 0x62, 0x0a, 0x63, 0x0a]);
    const merge = mergeText(Buffer.from('a\nb\nc\n'), Buffer.from('a\nb\nC\n'), theirs);
    expect(merge).toEqual({ clean: true, content: Buffer.from([0xff, 0x0a, 0x62, 0x0a, 0x43, 0x0a]) });
  });

  it('never loses a line that one side has added, be it clean or not', () => {
    fc.assert(
      fc.property(versions, ending, ([base, ours, theirs], last) => {
        const merge = merged(joined(base, '\n'), joined(ours, last), joined(theirs, last));
        const result = text(merge).replaceAll('\r', '');
        for (const line of [...ours, ...theirs].filter((one) => /^(ours|theirs)/.test(one)))
          expect(count(result, line), line).toBe(1);
      }),
      { numRuns: 2_000 },
    );
  });

  it('brings a line back that one side removed only within a conflict', () => {
    fc.assert(
      fc.property(
        fc
          .uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { maxLength: 12 })
          .chain((base) => fc.tuple(fc.constant(base), edit(base, 'OURS'), edit(base, 'THEIRS'))),
        ([base, ours, theirs]) => {
          const merge = merged(
            ...([base, ours, theirs].map((one) => joined(one, '\n')) as [string, string, string]),
          );
          if (!merge.clean) {
            expect(hasMarkers(text(merge))).toBe(true);
            return;
          }
          const lines = text(merge).split('\n');
          for (const line of base)
            expect(lines.includes(line), line).toBe(ours.includes(line) && theirs.includes(line));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('merges changes that a line lies between, and none that touch', () => {
    expect(merged('a\nb\nc\n', 'A\nb\nc\n', 'a\nb\nC\n')).toEqual({
      clean: true,
      content: Buffer.from('A\nb\nC\n'),
    });
    expect(merged('a\nb\nc\n', 'A\nb\nc\n', 'a\nB\nc\n').clean).toBe(false);
    expect(merged('a\nb', 'a\nb\nours\n', 'theirs\na\nb')).toEqual({
      clean: true,
      content: Buffer.from('theirs\na\nb\nours\n'),
    });
  });

  it('gives up what is no text, too large, or repeats itself too often, at once', () => {
    const lines = Buffer.from('\n'.repeat(100_000));
    const begun = performance.now();
    expect(mergeText(lines, lines, Buffer.from('x'))).toBeUndefined();
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(mergeText(Buffer.from('\0'), Buffer.from('a'), Buffer.from('b'))).toBeUndefined();
    const large = Buffer.alloc(262_145, 'x\n');
    expect(mergeText(large, Buffer.from('a'), Buffer.from('b'))).toBeUndefined();
    expect(mergeText(undefined, Buffer.from('a'), Buffer.from('b'))).toBeUndefined();
  });
});

const specOf = (content: string, mode: string) => ({
  ...file.schema.parse({ path: '/etc/a.conf', content, mode, owner: 'root', group: 'root' }),
  content,
});

const found = (content: string, mode: string, base?: string): FileState => ({
  ...{ type: 'file', description: 'regular file', mode, owner: 'root', group: 'root' },
  ...{ sha256: hash(content), content: Buffer.from(content) },
  ...(base === undefined ? {} : { base: Buffer.from(base) }),
});

const modes = fc.constantFrom('0644', '0600', '0640');

describe('what is to be done about a file of ours', () => {
  const situation = fc.tuple(versions, modes, modes, modes).map(([[base, ours, theirs], was, wanted, is]) => {
    const [last, declared, present] = [base, ours, theirs].map((lines) => joined(lines, '\n'));
    const spec = specOf(declared ?? '', wanted);
    const context: DiffContext = { adopted: false, remembered: rememberedLine(specOf(last ?? '', was)) };
    return { spec, context, state: found(present ?? '', is, last) };
  });

  /** The state and the memory that a decision leaves behind. */
  function outcome(spec: ReturnType<typeof specOf>, state: FileState, context: DiffContext) {
    const decision = decide(spec, state, context);
    if (decision.do === 'nothing' || decision.do === 'leave') return { state, context };
    const target = decision.do === 'write' ? decision.target : undefined;
    return {
      state: target ? found(target.content.toString(), target.mode, spec.content) : state,
      context: { adopted: false, remembered: rememberedLine(spec) },
    };
  }

  it('is done once: a second run has nothing to do, whatever was chosen', () => {
    fc.assert(
      fc.property(
        situation,
        fc.constantFrom('keep' as const, 'take' as const, { text: 'edited\n' }),
        ({ spec, state, context }, choice) => {
          const next = outcome(spec, state, { ...context, choice });
          expect(['nothing', 'leave']).toContain(decide(spec, next.state, next.context).do);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is exact: keep leaves a conflict as it is, take writes what is declared and nothing else', () => {
    fc.assert(
      fc.property(situation, ({ spec, state, context }) => {
        const taken = outcome(spec, state, { ...context, choice: 'take' }).state;
        expect([taken.sha256, taken.mode]).toEqual([hash(spec.content), spec.mode]);
        const open = decide(spec, state, context);
        if (open.do !== 'write' || !open.conflict) return;
        expect(decide(spec, state, { ...context, choice: 'keep' })).toEqual({ do: 'settle' });
      }),
      { numRuns: 2_000 },
    );
  });

  it('is a question where nobody knows what we wrote, and never a guess', () => {
    const { state, context, spec } = {
      ...{ spec: specOf('ours\n', '0644'), state: found('theirs\n', '0644') },
      context: { adopted: false, remembered: `${hash('base\n')} 0644 root root` },
    };
    expect(decide(spec, state, context)).toMatchObject({ do: 'write', conflict: 'edited' });
    const forged = found('theirs\n', '0644', 'not the base');
    expect(decide(spec, forged, context)).toMatchObject({ do: 'write', conflict: 'edited' });
    expect(decide(spec, { ...state, content: null }, context)).toMatchObject({ conflict: 'edited' });
  });

  it('is to merge each of mode, owner and group by itself', () => {
    const spec = { ...specOf('a\n', '0640'), group: 'www-data' };
    const state = { ...found('a\n', '0644'), owner: 'pi' };
    const remembered = `${hash('a\n')} 0644 root root`;
    expect(decide(spec, state, { adopted: false, remembered })).toMatchObject({
      do: 'write',
      target: { mode: '0640', owner: 'pi', group: 'www-data' },
    });
  });
});
