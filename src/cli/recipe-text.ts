import { z } from 'zod';
import { inputMeta } from '../compose/input-meta.ts';
import type { Recipe } from '../compose/recipe.ts';
import type { Paint } from '../ui/paint.ts';

/** What the catalogue shows of a recipe. */
export type AnyRecipe = Pick<Recipe, 'title' | 'summary' | 'exposable'> & { readonly inputs: z.ZodObject };

/** A recipe for scripts: its inputs as JSON Schema. */
export function recipeObject(name: string, { title, summary, inputs, exposable }: AnyRecipe): object {
  const schema = z.toJSONSchema(inputs, { io: 'input', unrepresentable: 'any' });
  return { name, title, summary, exposable: exposable !== false, inputs: schema };
}

/** A recipe for people: a role to copy, and every input with its default and help. */
export function describeRecipe(name: string, recipe: AnyRecipe, paint: Paint): string {
  const inputs = Object.entries(recipe.inputs.shape).map(([key, schema]) => inputRow(key, schema));
  const required = inputs.filter((input) => input.required);
  const role = [`recipe: ${name}`, ...required.map(({ key, example }) => `${key}: ${example}`)];
  const width = Math.max(0, ...inputs.map(({ key }) => key.length));
  return [
    `${paint.strong(recipe.title)}`,
    recipe.summary,
    '',
    'In a host file:',
    '  roles:',
    `    my-${name}: { ${role.join(', ')} }`,
    ...(inputs.length > 0 ? ['', 'Inputs:'] : []),
    ...inputs.map(
      ({ key, about, required: must }) =>
        `  ${paint.accent(key.padEnd(width))}  ${about}${must ? paint.dim(' (required)') : ''}`,
    ),
    ...(recipe.exposable === false
      ? []
      : ['', 'Every role also takes `expose`: host, lan (the default) or internet.']),
  ].join('\n');
}

interface InputRow {
  readonly key: string;
  readonly required: boolean;
  readonly example: string;
  readonly about: string;
}

function inputRow(key: string, schema: z.core.$ZodType): InputRow {
  const { help, question, example } = inputMeta(schema);
  const absent = z.safeParse(schema, undefined);
  const fallback = absent.success && absent.data !== undefined ? ` (default: ${inline(absent.data)})` : '';
  return {
    key,
    required: !absent.success,
    example: example === undefined ? '…' : inline(example),
    about: `${[question, help].filter((part) => part !== undefined).join(' ')}${fallback}`.trim(),
  };
}

const inline = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
