import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import type { DiffContext, Kind } from '../../src/resources/kind.ts';
import { kinds } from '../../src/resources/registry.generated.ts';
import { Secret } from '../../src/secrets/secret.ts';

const situation = z.strictObject({
  spec: z.unknown(),
  /** What the observing script printed for this one spec. */
  output: z.string().default(''),
  remembered: z.string().optional(),
  adopted: z.boolean().default(false),
});

const testCase = situation.extend({
  about: z.string(),
  differs: z.union([
    z.literal(false),
    z.strictObject({
      action: z.enum(['create', 'update', 'remove', 'run']),
      summary: z.string(),
      conflict: z.enum(['adopt', 'edited']).optional(),
      touchesForeign: z.boolean().optional(),
      marked: z.string().optional(),
      settles: z.literal(true).optional(),
    }),
  ]),
});

const format = z.strictObject({
  /** What the observing script prints on a machine that has nothing of the kind; `{key}` stands for the resource's key. */
  nothing: z.string().default(''),
  /** From what the host says to what the plan shows. "Nothing to do" is always among them. */
  cases: z.array(testCase),
  /** Specs that are as hostile as the schema allows. Text that would make a file named `canary` if a shell ran it. */
  hostile: z.array(situation),
  /** Specs that the schema must refuse. */
  refused: z.array(z.unknown()).default([]),
  /** Specs for a real Debian machine, in the order in which they are applied. */
  samples: z.array(z.unknown()).default([]),
});

/** `!secret now`, `!secret now < before`, or with `?` as what was before and is lost. */
const secretTag = {
  tag: '!secret',
  resolve: (text: string) => {
    const [now = '', before] = text.split(' < ');
    const past = before === '?' ? { earlierUnknown: true } : { earlier: before ? [new Secret(before)] : [] };
    return new Secret(now, 'mark', past);
  },
};

export type Situation = z.output<typeof situation>;
export type KindCases = z.output<typeof format>;

/** The registry with the types of specs and states forgotten, as the engine sees it. */
export const allKinds: readonly Kind<unknown, unknown>[] = Object.values(kinds).map(
  (kind) => kind as unknown as Kind<unknown, unknown>,
);

/** Reads `cases/<kind>.yaml`; empty when there is none, which a test of its own complains about. */
export function casesOf(kind: string): KindCases {
  const path = pathOf(kind);
  return format.parse(
    existsSync(path)
      ? parse(readFileSync(path, 'utf8'), { customTags: [secretTag] })
      : { cases: [], hostile: [] },
  );
}

/** @throws {Error} that says what to write. */
export function mustHaveCases(kind: string): void {
  if (existsSync(pathOf(kind))) return;
  throw new Error(
    `The kind ‘${kind}’ has no test cases: write ${pathOf(kind)} (format: test/resources/cases.ts).`,
  );
}

function pathOf(kind: string): string {
  return fileURLToPath(new URL(`./cases/${kind}.yaml`, import.meta.url));
}

/** The state of a resource on a machine that has nothing of its kind. */
export function stateOfNothing(kind: Kind<unknown, unknown>, spec: unknown): unknown {
  const { nothing } = casesOf(kind.name);
  return kind.parse(Buffer.from(nothing.replaceAll('{key}', kind.key(spec))), [spec])[0];
}

export function contextOf({ remembered, adopted }: Situation): DiffContext {
  return { adopted, ...(remembered === undefined ? {} : { remembered }) };
}
