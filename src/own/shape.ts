import { z } from 'zod';
import type { Recipe } from '../compose/recipe.ts';
import { UserError } from '../errors.ts';
import { factProbes } from '../facts/registry.generated.ts';
import { kinds } from '../resources/registry.generated.ts';
import { didYouMean } from '../suggest.ts';
import { find } from './failure.ts';
import type { OwnRecipe } from './find.ts';

/** Keys of the host file that every role has. */
const TAKEN = ['recipe', 'expose'];

const callable = z.custom<(context: unknown) => unknown>((value) => typeof value === 'function', {
  error: 'a function is expected',
});
const oneWord = z.string().min(1, 'it is empty').max(200);

const recipeShape = z.strictObject({
  title: oneWord,
  summary: oneWord,
  menu: z.number().optional(),
  stage: z.enum(['guard', 'service']).optional(),
  exposable: z.boolean().optional(),
  facts: z.array(z.enum(Object.keys(factProbes))).optional(),
  inputs: z.custom<z.ZodObject>((value) => value instanceof z.ZodObject, {
    error: 'an object of zod is expected, such as z.strictObject({})',
  }),
  endpoints: callable.optional(),
  names: callable.optional(),
  backup: callable.optional(),
  resources: callable,
});

const port = z.int().min(1).max(65_535);
const endpoints = z.array(
  z.looseObject({
    name: z.string().min(1),
    protocol: z.enum(['tcp', 'udp']),
    port,
    lastPort: port.optional(),
    sharedBy: z.string().min(1).optional(),
    sharedAs: z.array(z.string()).optional(),
    prove: z.looseObject({ probe: z.string() }).optional(),
    when: callable.optional(),
  }),
);

const names = z.array(z.string());

const path = z.string().regex(/^\/./, 'the path of a file on the host is expected, from / on');
const backup = z.looseObject({
  program: path,
  user: z.string().min(1),
  folder: path,
  databases: z.array(z.string()),
});

const resources = z.array(
  z.custom<object>((value) => isResource(value), {
    error: 'this is not made by a kind: kinds.file.of({…})',
  }),
);

const parts = z.strictObject({
  resources,
  after: resources.optional(),
  notes: z
    .array(
      z.strictObject({
        level: z.enum(['keep', 'close', 'info', 'warning']),
        text: z.string(),
        port: z.strictObject({ protocol: z.enum(['tcp', 'udp']), port }).optional(),
      }),
    )
    .optional(),
});

/** What the functions of a recipe must return, by their names. */
export const RETURNS = { endpoints, names, backup, resources: parts } as const;

/**
 * Holds what a module exports against what a recipe is.
 * @throws {UserError} with every way in which it is none
 */
export function asRecipe(own: OwnRecipe, exported: Readonly<Record<string, unknown>>): Recipe {
  const { entry, shown } = own;
  if (!('default' in exported)) {
    throw new UserError({
      at: { file: `${shown}/${entry}` },
      message: 'it exports no recipe',
      hint: 'Write: export default defineRecipe({ … });',
    });
  }
  const result = recipeShape.safeParse(exported.default, { jitless: true });
  if (!result.success) {
    throw new UserError(
      result.error.issues.map((issue) => {
        const [key = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined] = issue.path;
        const unknown = issue.code === 'unrecognized_keys';
        return {
          at: find(own, entry, key === undefined ? 'export default' : String(key)),
          message: `${key === undefined ? 'the recipe' : String(key)}: ${unknown ? 'a recipe has no such key' : plain(issue)}`,
          ...(unknown ? { hint: didYouMean(String(key), Object.keys(recipeShape.shape), 'It has') } : {}),
        };
      }),
    );
  }
  const taken = TAKEN.filter((key) => Object.hasOwn(result.data.inputs.shape, key));
  if (taken.length > 0) {
    throw new UserError(
      taken.map((key) => ({
        at: find(own, entry, key),
        message: `inputs.${key}: every role has a key ‘${key}’ already`,
        hint: 'Call this input otherwise.',
      })),
    );
  }
  return exported.default as Recipe;
}

/** An issue in the words that our other messages use. */
export function plain({ code, message, input }: z.core.$ZodIssue): string {
  return code === 'invalid_type' && input === undefined ? 'missing' : message;
}

function isResource(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('id' in value)) return false;
  const known: Readonly<Record<string, unknown>> = kinds;
  return (
    typeof value.kind === 'string' &&
    Object.hasOwn(known, value.kind) &&
    typeof value.id === 'string' &&
    value.id.startsWith(`${value.kind}:`) &&
    'spec' in value &&
    'notify' in value
  );
}
