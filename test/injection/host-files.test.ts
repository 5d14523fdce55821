import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { builtInCatalogue } from '../../src/compose/catalogue.ts';
import type { OwnedResource } from '../../src/compose/collect.ts';
import { compose } from '../../src/compose/compose.ts';
import { HostError, UserError } from '../../src/errors.ts';
import type { Host } from '../../src/host/host.ts';
import { makePlace, type Place } from '../host/load-text.ts';
import { bareMachine, type Subject, subjects } from './composed.ts';
import { hostileText } from './hostile.ts';
import { textInputs } from './inputs-of.ts';
import { Sandbox } from './sandbox.ts';
import { expectSilence } from './silence.ts';

/** `INJECTION_SEED=7 npx vitest run --project unit test/injection` tries others. */
const SEED = Number(process.env.INJECTION_SEED ?? 1);
const COUNT = 1_000;

const facts = bareMachine();
let all: readonly Subject[];
let place: Place;
let sandbox: Sandbox;

beforeAll(async () => {
  [all, place] = await Promise.all([subjects(), makePlace()]);
  sandbox = new Sandbox();
});
afterAll(async () => {
  sandbox.remove();
  await place[Symbol.asyncDispose]();
});

/** Host files as people write them, here and there with text that means harm. */
function hostFiles(): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const hostile = hostileText(sandbox.canary, 'case');
  const word = (usual: string, weight = 12): fc.Arbitrary<string> =>
    fc.oneof({ weight, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: hostile });
  const role = fc.constantFrom(...all).chain((subject) => {
    const inputs = textInputs(subject.recipe.inputs);
    const one = fc
      .tuple(fc.nat(inputs.length - 1), fc.option(hostile, { freq: 3 }), fc.nat(1_000_000))
      .map(([index, text, n]) => {
        const input = inputs[index];
        return input?.build(text ?? input.usual, n) ?? {};
      });
    return fc.record({
      inputs: fc.array(one, { maxLength: 3 }).map((parts) => parts.reduce(together, {})),
      recipe: word(subject.name, 40),
      ...(subject.recipe.exposable === false ? {} : { expose: word('lan', 40) }),
    });
  });
  return fc.record({
    host: word('attic', 40),
    network: fc.record({ lan: fc.array(word('10.0.0.0/8', 20), { maxLength: 2 }) }),
    roles: fc
      .array(fc.tuple(word('one', 20), role), { minLength: 1, maxLength: 3 })
      .map((roles) =>
        Object.fromEntries(
          roles.map(([name, { inputs, ...rest }], index) => [
            `${name}${index || ''}`,
            { ...inputs, ...rest },
          ]),
        ),
      ),
  });
}

/** Lists are joined, the rest is replaced. */
function together(
  one: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const joined = Object.entries(other).map(([key, value]) => {
    const before = one[key];
    return [key, Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value] as const;
  });
  return { ...one, ...Object.fromEntries(joined) };
}

/** What a host file comes to; undefined when it is refused, with the place of each mistake. */
async function resourcesOf(
  data: Readonly<Record<string, unknown>>,
): Promise<readonly OwnedResource[] | undefined> {
  try {
    const host: Host = await place.load(stringify(data), { recipes: builtInCatalogue(), connect: 'local' });
    return compose(host, facts, { closeUnlisted: false }).resources;
  } catch (error) {
    if (error instanceof HostError) return undefined;
    if (!(error instanceof UserError)) throw error;
    for (const { at, message } of error.problems) {
      if (!/^and \d+ more$/.test(message)) expect(at?.line, message).toBeGreaterThan(0);
    }
    return undefined;
  }
}

it('refuses a random host file with line and column, or writes its text as data', async () => {
  const files = fc.sample(hostFiles(), { seed: SEED, numRuns: COUNT });
  const composed: OwnedResource[] = [];
  let taken = 0;
  for (const data of files) {
    const resources = await resourcesOf(data);
    if (!resources) continue;
    taken += 1;
    composed.push(...resources);
  }
  process.stdout.write(
    `Injection, seed ${SEED}: ${COUNT} random host files, ${taken} taken, the others refused.\n`,
  );
  expect(taken).toBeGreaterThan(COUNT / 40);
  expect(taken).toBeLessThan(COUNT);
  expectSilence(sandbox, composed);
}, 900_000);
