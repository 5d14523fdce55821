import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { UserError } from '../../src/errors.ts';
import { makePlace, type Place } from './load-text.ts';

let place: Place;
beforeAll(async () => {
  place = await makePlace();
});
afterAll(() => place[Symbol.asyncDispose]());

/** Loads, or is refused with the place of each problem. */
async function loadsOrSaysWhere(text: string | Uint8Array): Promise<void> {
  const error = await place.load(text).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return;
  if (!(error instanceof UserError)) throw error;
  const placed = error.problems.filter(({ message }) => !/^and \d+ more$/.test(message));
  expect(placed.length).toBeGreaterThan(0);
  for (const { at, message } of placed) {
    expect(at?.line, message).toBeGreaterThan(0);
    expect(at?.column, message).toBeGreaterThan(0);
    expect(message, 'no line breaks or control characters').toMatch(/^[^\u0000-\u001f\u007f-\u009f]+$/u);
  }
}

/** Text that is near to a host file: its words and signs in any order. */
const yamlish = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'host',
        'roles',
        'connect',
        'local',
        'web',
        'source',
        './public',
        'recipe',
        'expose',
        '80',
      ),
      fc.constantFrom(
        ': ',
        ':\n',
        '\n',
        '\n  ',
        '\n    ',
        '- ',
        '{',
        '}',
        '[',
        ']',
        ', ',
        '"',
        "'",
        '\t',
        '#',
        '|\n',
      ),
      fc.constantFrom('&a ', '*a ', '!!x ', '? ', '---\n', '%', '@', '<<', '\\', '\u2028', '\u{1F600}', 'é'),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

const KEYS = [
  'host',
  'roles',
  'connect',
  'network',
  'web',
  'share',
  'recipe',
  'source',
  'port',
  'expose',
  'tls',
  'users',
  'folders',
  'login',
  'lan',
  'ssh',
];
const key = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...KEYS) },
  fc.string({ maxLength: 8 }),
  fc.constant('__proto__'),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.string(), fc.constantFrom('web', 'local', './public', '10.0.0.0/8', 'lan', '0644')),
    fc.oneof(fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  ),
}));

describe('any host file loads or is refused with line and column', () => {
  it('whatever its text is', async () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), yamlish);
    await fc.assert(fc.asyncProperty(text, loadsOrSaysWhere), { numRuns: 400 });
  });

  it('whatever its bytes are', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), loadsOrSaysWhere), { numRuns: 200 });
  });

  it('whatever it holds', async () => {
    const host = fc.oneof(
      fc.dictionary(key, value, { maxKeys: 6 }),
      fc.record({ host: fc.constant('a'), connect: value, network: value, roles: fc.dictionary(key, value) }),
    );
    await fc.assert(
      fc.asyncProperty(host, (data) => loadsOrSaysWhere(stringify(data))),
      { numRuns: 400 },
    );
  });
});
