import { z } from 'zod';
import type { RecipeSource } from '../compose/catalogue.ts';
import type { Recipe } from '../compose/recipe.ts';
import {
  connectLab,
  connectLocal,
  connectSsh,
  exposeSchema,
  FORMAT,
  nameSchema,
  networkSchema,
  tlsSchema,
} from './schema.ts';

type Json = Record<string, unknown>;

/** A role whose recipe has not been let run: it may say anything. */
const UNKNOWN_ROLE: Json = { type: ['object', 'null'] };

/** The JSON Schema (2020-12) of host files, with the inputs of every recipe, for editors. */
export async function hostFileSchema(source: RecipeSource): Promise<Json> {
  const names = source.names();
  const loaded = await Promise.all(names.map(async (name) => [name, await source.load(name)] as const));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'hostwright host file',
    type: 'object',
    properties: {
      hostwright: { const: FORMAT, description: 'The format of this file.' },
      host: toJson(nameSchema),
      connect: { description: 'How to reach the machine.', anyOf: connectForms() },
      network: toJson(networkSchema),
      roles: {
        description: 'What the machine should be. The key is the name of the role.',
        type: ['object', 'null'],
        properties: Object.fromEntries(names.map((name) => [name, roleNamed(names, name)])),
        additionalProperties: roleNamed(names),
      },
    },
    required: ['host', 'roles'],
    additionalProperties: false,
    $defs: Object.fromEntries(
      loaded.map(([name, recipe]) => [name, recipe ? roleOf(name, recipe) : UNKNOWN_ROLE]),
    ),
  };
}

function connectForms(): Json[] {
  const word = { type: 'string', examples: ['local', 'lab', 'ssh://pi@192.168.1.20:22'] };
  return [word, ...[connectSsh, connectLab, connectLocal].map(toJson)];
}

/** A role under some name: which recipe it is held against depends on its `recipe`, or on its own name. */
function roleNamed(names: readonly string[], own?: string): Json {
  return {
    type: ['object', 'null'],
    properties: { recipe: { enum: names } },
    ...(own === undefined && { required: ['recipe'] }),
    allOf: names.map((name) => {
      const says = { properties: { recipe: { const: name } }, required: ['recipe'] };
      const silent = { not: { required: ['recipe'] } };
      return onlyIf(name === own ? { anyOf: [says, silent] } : says, { $ref: `#/$defs/${name}` });
    }),
  };
}

/** Built from pairs, since an object literal with `then` reads like a promise. */
function onlyIf(condition: Json, consequence: Json): Json {
  return Object.fromEntries([
    ['if', condition],
    ['then', consequence],
  ]);
}

function roleOf(name: string, { title, summary, inputs, exposable }: Recipe): Json {
  const { properties, required } = toJson(inputs);
  const reached = exposable === false ? {} : { expose: toJson(exposeSchema), tls: toJson(tlsSchema) };
  return {
    title,
    description: summary,
    type: ['object', 'null'],
    properties: { recipe: { const: name }, ...reached, ...Object(properties) },
    ...(Array.isArray(required) && { required }),
    additionalProperties: false,
  };
}

function toJson(schema: z.core.$ZodType): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      const { help, question, example, input: __, ...rest } = jsonSchema as Json;
      for (const key of Object.keys(jsonSchema)) delete (jsonSchema as Json)[key];
      const description = help ?? question;
      Object.assign(
        jsonSchema,
        rest,
        description !== undefined && { description },
        example !== undefined && { examples: [example] },
      );
    },
  });
  return json;
}
