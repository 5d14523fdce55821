import { inputMeta } from '../compose/input-meta.ts';
import type { Recipe } from '../compose/recipe.ts';
import type { Choice, Prompts } from './prompts.ts';
import type { DraftRole, MenuEntry } from './questions.ts';

/** A role of a recipe with nothing said but its defaults. */
export function asOffered({ name, recipe }: MenuEntry): DraftRole {
  return { name, recipe: name, definition: recipe, values: new Map() };
}

/**
 * Asks, in one question whatever their number, which of the roles to add that guard a machine. They are ordinary roles,
 * written out; values that their recipes offer (`offer`) are choices of their own.
 */
export async function askGuards(
  guards: readonly MenuEntry[],
  prompts: Prompts,
): Promise<readonly DraftRole[]> {
  if (guards.length === 0) return [];
  const all = guards.map(asOffered);
  const remarks = guards.map(({ recipe }) => `\n  ${recipe.title}: ${lowerFirst(recipe.summary)}`).join('');
  const yes = guards.length === 1 ? 'yes' : 'yes, all of it';
  const choices: Choice<readonly DraftRole[]>[] = [
    { name: yes, value: all },
    ...guards.flatMap(({ name, recipe }) =>
      offersOf(recipe).map(([key, value, meaning]) => ({
        name: `${yes}; ${meaning}`,
        value: all.map((role) => (role.name === name ? { ...role, values: new Map([[key, value]]) } : role)),
      })),
    ),
    ...(guards.length === 1 ? [] : all.map((role) => ({ name: `only ${role.name}`, value: [role] }))),
    { name: 'no', value: [] },
  ];
  return prompts.select({ message: `Add what keeps it safe?${remarks}\n `, choices });
}

type Offer = readonly [key: string, value: string, meaning: string];

function offersOf({ inputs }: Recipe): readonly Offer[] {
  return Object.entries(inputs.shape).flatMap(([key, schema]) =>
    Object.entries(inputMeta(schema).offer ?? {}).map(([value, meaning]): Offer => [key, value, meaning]),
  );
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
