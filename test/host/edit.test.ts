import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { appendRole, removeRole } from '../../src/host/edit.ts';

describe('a role is appended', () => {
  it.each<[string, string, string]>([
    [
      'after the last one, whatever its indentation',
      'host: a # keep\nroles:\n    # one\n    one: {  a: 1 }   # odd   spaces\n\n# the end\n',
      'host: a # keep\nroles:\n    # one\n    one: {  a: 1 }   # odd   spaces\n    new:\n      source: ./x\n\n# the end\n',
    ],
    [
      'to none',
      'host: a\nroles:   # none yet\nnetwork: {}\n',
      'host: a\nroles:   # none yet\n  new:\n    source: ./x\nnetwork: {}\n',
    ],
    ['to a file without roles', 'host: a', 'host: a\nroles:\n  new:\n    source: ./x\n'],
    ['to { }', 'roles: {} # none\n', 'roles: { new: { source: ./x } } # none\n'],
    ['inside { … }', 'roles: { a: {}, }\n', 'roles: { a: {}, new: { source: ./x } }\n'],
    [
      'after a block of text',
      'roles:\n  a:\n    b: |\n      x\n\n      y\nhost: a\n',
      'roles:\n  a:\n    b: |\n      x\n\n      y\n  new:\n    source: ./x\nhost: a\n',
    ],
    [
      'with the line ends of the file',
      'roles:\r\n  a: {}\r\n',
      'roles:\r\n  a: {}\r\n  new:\r\n    source: ./x\r\n',
    ],
  ])('%s', (_, before, after) => {
    expect(appendRole(before, 'new', 'source: ./x')).toBe(after);
  });

  it('with comments of its own', () => {
    expect(appendRole('roles:\n', 'new', '# Why.\nsource: ./x\n# domain: x\n')).toBe(
      'roles:\n  new:\n    # Why.\n    source: ./x\n    # domain: x\n',
    );
  });

  it('but never twice, nor to a file with mistakes', () => {
    expect(() => appendRole('roles:\n  new: {}\n', 'new', '')).toThrow(
      'host.yaml:2:3: there is already a role new',
    );
    expect(() => appendRole('roles:\n\tx: {}\n', 'new', '')).toThrow('host.yaml:2:1: a tab');
  });

  it('keeping every other byte, in any host file', () => {
    const word = fc.stringMatching(/^[a-z]{1,6}$/);
    const role = fc.dictionary(
      word,
      fc.oneof(fc.string(), fc.integer(), fc.array(word), fc.dictionary(word, word)),
    );
    const file = fc.record(
      { host: word, roles: fc.dictionary(word, role), network: fc.dictionary(word, word) },
      { requiredKeys: [] },
    );
    const style = fc.record({
      indent: fc.integer({ min: 1, max: 6 }),
      collectionStyle: fc.constantFrom('any' as const, 'block' as const, 'flow' as const),
    });
    const comment = fc.constantFrom('', '# a comment\n', '\n\n');
    fc.assert(
      fc.property(file, style, comment, comment, (data, options, first, last) => {
        fc.pre(Object.keys(data).length > 0);
        const before = `${first}${stringify(data, { ...options, lineWidth: 0 })}${last}`;
        const after = appendRole(before, 'new-role', 'source: ./x');
        expect(parse(after)).toEqual({ ...data, roles: { ...data.roles, 'new-role': { source: './x' } } });
        expect(withoutInsertion(before, after), 'one insertion, nothing else').toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

/** True when `after` is `before` with text put in at one place (and at most spaces before a brace taken out). */
function withoutInsertion(before: string, after: string): boolean {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < before.length - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  return before.slice(start, before.length - end).trim() === '';
}

describe('a role is taken out', () => {
  it.each<[string, string, string]>([
    [
      'from between others, their comments and odd spaces kept',
      'host: a # keep\nroles:\n  # one\n  one: {  a: 1 }   # odd   spaces\n  # two\n  gone:\n    b: 1 # inside\n    # inside too\n    c: 2\n  # three\n  three: {}\n# the end\n',
      'host: a # keep\nroles:\n  # one\n  one: {  a: 1 }   # odd   spaces\n  # two\n  # three\n  three: {}\n# the end\n',
    ],
    ['as the last one', 'roles:\n  a: {}\n  gone: {}\nhost: a\n', 'roles:\n  a: {}\nhost: a\n'],
    [
      'as the only one',
      'host: a\nroles: # all\n  gone:\n    b: 1\nx: 1\n',
      'host: a\nroles: {} # all\nx: 1\n',
    ],
    ['first in { … }', 'roles: { gone: { a: 1 }, b: {} }\n', 'roles: { b: {} }\n'],
    ['last in { … }', 'roles: { b: {}, gone: { a: 1 } }\n', 'roles: { b: {} }\n'],
    ['alone in { … }', 'roles: { gone: {} }\n', 'roles: { }\n'],
    [
      'after a block of text',
      'roles:\n  gone:\n    b: |\n      x\n\n      y\n  b: {}\n',
      'roles:\n  b: {}\n',
    ],
    [
      'with the comments that follow its last key',
      'roles:\n  gone:\n    a: 1\n    # b: 2\n\n    # c: 3\n  # about next\n  next: {}\n',
      'roles:\n  # about next\n  next: {}\n',
    ],
    [
      'as the last one, with such comments and no line end',
      'roles:\n  b: {}\n  gone:\n    a: 1\n\n    # c: 3',
      'roles:\n  b: {}\n',
    ],
    ['without a line end', 'roles:\n  b: {}\n  gone: {}', 'roles:\n  b: {}\n'],
  ])('%s', (_, before, after) => {
    expect(removeRole(before, 'gone')).toBe(after);
  });

  it('is refused where there is none', () => {
    expect(() => removeRole('roles:\n  a: {}\n', 'gone')).toThrow('there is no role gone');
  });

  it('leaves every other role as it was, whatever the file is like', () => {
    const value = fc.record({ a: fc.integer(), b: fc.string(), c: fc.array(fc.boolean()) });
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), value, { maxKeys: 4, noNullPrototype: true }),
        value,
        fc.boolean(),
        (others, gone, flow) => {
          const roles = { ...others, gone, zz: { a: 1 } };
          const text = stringify({ host: 'a', roles, z: 1 }, flow ? { collectionStyle: 'flow' } : {});
          const { gone: _, ...rest } = roles;
          expect(parse(removeRole(text, 'gone'))).toEqual({ host: 'a', roles: rest, z: 1 });
        },
      ),
    );
  });
});
