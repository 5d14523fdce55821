import { UserError } from '../errors.ts';
import type { OwnRecipe } from './find.ts';

/** What the type stripper throws: lines count from 1, columns from 0. */
interface Mistake {
  readonly code: string;
  readonly message: string;
  readonly startLine: number;
  readonly startColumn: number;
}

/**
 * The modules of a recipe as JavaScript, by path. Types become blanks, so that every line and column stays what it is.
 * JavaScript is not touched, and read only to tell where a mistake is once Node has found one (`check`).
 * @throws {UserError} with the place of the first mistake of each file
 */
export async function stripTypes(
  recipe: OwnRecipe,
  { check = false }: { readonly check?: boolean } = {},
): Promise<Readonly<Record<string, string>>> {
  const modules = [...recipe.files].filter(([path]) => /(?<!\.d)\.ts$|\.js$/.test(path));
  const typed = modules.some(([path]) => path.endsWith('.ts'));
  if (!typed && !check) return asUrls(modules);
  const { default: swc } = await import('@swc/wasm-typescript');
  const problems: UserError['problems'][number][] = [];
  const stripped = modules.map(([path, text]): [string, string] => {
    if (path.endsWith('.js') && !check) return [path, text];
    try {
      const { code } = swc.transformSync(text, { mode: 'strip-only', module: true });
      return [path, path.endsWith('.js') ? text : code];
    } catch (error) {
      if (!isMistake(error)) throw error;
      const at = { file: `${recipe.shown}/${path}`, line: error.startLine, column: error.startColumn + 1 };
      problems.push({ at, message: error.message, hint: hintFor(error) });
      return [path, ''];
    }
  });
  if (problems.length > 0) throw new UserError(problems);
  return asUrls(stripped);
}

/** Paths as they stand in a URL. */
function asUrls(modules: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(modules.map(([path, text]) => [encodeURI(path), text]));
}

function isMistake(error: unknown): error is Mistake {
  return typeof error === 'object' && error !== null && 'startLine' in error && 'startColumn' in error;
}

function hintFor({ code }: Mistake): string {
  return code === 'UnsupportedSyntax'
    ? 'Types are taken out, and nothing is compiled: write it in plain JavaScript with types.'
    : 'Nothing was touched. Mend it in the recipe.';
}
