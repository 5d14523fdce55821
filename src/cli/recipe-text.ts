import { stringify } from 'yaml';
import { z } from 'zod';
import { describeInputs, type InputRow } from '../compose/describe-inputs.ts';
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
  const inputs = describeInputs(recipe.inputs);
  const required = inputs.filter((input) => input.required && !input.key.includes('.'));
  const inputText = required.map(({ key, example }) => `${key}: ${inline(example)}`);
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
      (input) =>
        `  ${paint.accent(input.key.padEnd(width))}  ${wrapText(about(input), columns - width - 4).join(`\n${' '.repeat(width + 4)}`)}`,
    ),
    ...(recipe.exposable === false
      ? []
      : ['', 'It also takes `expose`, who may reach it: host, lan (the default) or internet.']),
  ].join('\n');
}

/** What a key is for, what is written there, and what holds without it. */
function about({ question, help, takes, fallback, required }: InputRow): string {
  const words = [question, help].filter((part) => part !== undefined);
  const default_ = fallback === undefined ? '' : `; default: ${fallback}`;
  return [...words, `(${takes.replaceAll('`', '')}${required ? '; required' : default_})`].join(' ');
}

/** YAML of one line, as a person would write it. */
function inline(example: unknown): string {
  if (example === undefined) return '…';
  return stringify(example, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}
