import { z } from 'zod';
import { inputMeta } from '../compose/input-meta.ts';
import type { Recipe } from '../compose/recipe.ts';
import type { Paint } from '../ui/paint.ts';
import { wrapText } from '../ui/wrap-text.ts';

/** What the catalogue shows of a recipe. */
export type AnyRecipe = Pick<Recipe, 'title' | 'summary' | 'exposable'> & { readonly inputs: z.ZodObject };

/** A recipe for scripts: its inputs as JSON Schema. */
export function recipeObject(name: string, { title, summary, inputs, exposable }: AnyRecipe): object {
  const schema = z.toJSONSchema(inputs, { io: 'input', unrepresentable: 'any' });
  return { name, title, summary, exposable: exposable !== false, inputs: schema };
}

/** A recipe for people: a role to copy, and every input with its default and help. */
export function describeRecipe(
  name: string,
  recipe: AnyRecipe,
  { paint, columns }: { readonly paint: Paint; readonly columns: number },
): string {
  const inputs = Object.entries(recipe.inputs.shape).map(([key, schema]) => inputRow(key, schema));
  const required = inputs.filter((input) => input.required);
  const inputText = required.map(({ key, example }) => `${key}: ${example}`);
  const width = Math.max(0, ...inputs.map(({ key }) => key.length));
  return [
    `${paint.strong(recipe.title)}`,
    recipe.summary,
    '',
    'In a host file:',
    '  roles:',
    `    ${name}: {${inputText.length > 0 ? ` ${inputText.join(', ')} ` : ''}}`,
    `    ${paint.dim('# or under a name of your own:')}`,
    `    my-${name}: { ${[`recipe: ${name}`, ...inputText].join(', ')} }`,
    ...(inputs.length > 0 ? ['', 'Inputs:'] : []),
    ...inputs.map(
      ({ key, about, required: must }) =>
        `  ${paint.accent(key.padEnd(width))}  ${wrapText(`${about}${must ? ' (required)' : ''}`, columns - width - 4).join(`\n${' '.repeat(width + 4)}`)}`,
    ),
    ...(recipe.exposable === false
      ? []
      : ['', 'It also takes `expose`, who may reach it: host, lan (the default) or internet.']),
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
