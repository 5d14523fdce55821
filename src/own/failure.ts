import { fileURLToPath } from 'node:url';
import { type Problem, type SourcePosition, UserError } from '../errors.ts';
import type { OwnRecipe } from './find.ts';
import { REFUSED, type Refused } from './hooks.ts';

/** Seconds that a recipe has for each thing it is asked. */
export const PATIENCE = 10;

const FRAME = /(file:\/\/[^\s?]+)\?hostwright=[\w-]+:(\d+)(?::(\d+))?/g;

/** Where in the recipe's own source an error came up: the innermost of its frames. Types became blanks, so it is exact. */
export function placeOf({ folder, shown }: OwnRecipe, error: unknown): SourcePosition | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frames = [...stack.matchAll(FRAME)].flatMap(([, url = '', line, column]) => {
    const path = fileURLToPath(url);
    if (!path.startsWith(`${folder}/`)) return [];
    const file = `${shown}/${path.slice(folder.length + 1)}`;
    return [{ file, line: Number(line), ...(column === undefined ? {} : { column: Number(column) }) }];
  });
  return frames.find((frame) => 'column' in frame) ?? frames[0];
}

/** Where a text stands first in one of the recipe's files; the file alone when it does not. */
export function find(recipe: OwnRecipe, path: string, text: string): SourcePosition {
  const file = `${recipe.shown}/${path}`;
  const before = recipe.files.get(path)?.split(text);
  if (before === undefined || before.length < 2) return { file };
  const lines = (before[0] ?? '').split('\n');
  return { file, line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

/**
 * What a recipe threw, told with its place in the recipe.
 * @param doing what hostwright was about: `while it was loaded`
 */
export function failureOf(recipe: OwnRecipe, error: unknown, doing: string): UserError {
  const at = placeOf(recipe, error) ?? { file: `${recipe.shown}/${recipe.entry}` };
  return new UserError(
    isTimeout(error)
      ? endless({ file: `${recipe.shown}/${recipe.entry}` }, doing)
      : {
          at,
          message: `the recipe ‘${recipe.name}’ failed ${doing}: ${inWords(error)}`,
          hint: 'Nothing was touched. Mend the recipe, then try: '.concat(lintLine(recipe)),
        },
  );
}

export function endless(at: SourcePosition, doing: string): Problem {
  return {
    at,
    message: `the recipe does not come to an end ${doing}: ${PATIENCE} seconds have passed`,
    hint: 'Nothing was touched. Look for a loop, or for an `await` of something that never comes.',
  };
}

/** An import that a recipe cannot make, told at its place; nothing for other errors. */
export function refusedImport(recipe: OwnRecipe, error: unknown): UserError | undefined {
  const message = error instanceof Error ? error.message : '';
  const begin = message.indexOf(REFUSED);
  if (begin < 0) return undefined;
  const { from, specifier } = JSON.parse(message.slice(begin + REFUSED.length)) as Refused;
  const modules = [...recipe.files.keys()].filter((path) => /\.[jt]s$/.test(path));
  return new UserError({
    at: find(recipe, from, specifier),
    message: `‘${specifier}’ cannot be imported here`,
    hint: /^\.{0,2}\//.test(specifier)
      ? `A recipe imports files of its own folder by their names: ${modules.join(', ')}.`
      : "A recipe imports 'hostwright', 'zod' and files of its own folder; nothing is installed for it.",
  });
}

export const lintLine = ({ name }: OwnRecipe): string => `hostwright recipes lint ${name}`;

function inWords(error: unknown): string {
  if (!(error instanceof Error)) return `it threw ${typeof error === 'string' ? error : typeof error}`;
  return error.message === '' ? error.name : error.message;
}

function isTimeout(error: unknown): boolean {
  // Made in the context in which it was called: no Error of this one.
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}
