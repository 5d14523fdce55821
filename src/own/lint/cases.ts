import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { parse, stringify, YAMLParseError } from 'yaml';
import { z } from 'zod';
import type { RecipeSource } from '../../compose/catalogue.ts';
import { UserError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { loadHost } from '../../host/load.ts';
import type { OwnRecipe } from '../find.ts';
import { plain } from '../shape.ts';

/** A host file that uses the recipe, as its author thinks of it. */
const format = z.strictObject({
  /** One line that says what the case shows. */
  about: z.string().min(1),
  /** The host file: as text, or as what it holds. Without `connect` it gets one. */
  host: z.union([z.string(), z.record(z.string(), z.unknown())]),
  /** Local files beside the host file, by path. */
  files: z.record(z.string(), z.string()).default({}),
  /** For the suites of hostwright's own recipes; here every case meets a bare machine of each release. */
  facts: z.string().optional(),
  stores: z.array(z.string()).optional(),
});

/** A case that can be composed. */
export interface Case {
  /** As messages name it: `recipes/motd/cases/plain.yaml`. */
  readonly file: string;
  readonly host: Host;
}

/** The paths of a recipe's cases, below its folder. */
export function caseFiles({ files }: OwnRecipe): readonly string[] {
  return [...files.keys()].filter((path) => /^cases\/.+\.yaml$/.test(path));
}

/**
 * Reads a case and the host file in it.
 * @throws {UserError} for a case that is none, and for a host file with mistakes
 */
export async function readCase(own: OwnRecipe, path: string, recipes: RecipeSource): Promise<Case> {
  const file = `${own.shown}/${path}`;
  const { host: written, files } = readFormat(file, own.files.get(path) ?? '');
  const folder = await mkdtemp(join(tmpdir(), 'hostwright-lint-'));
  try {
    await put(folder, 'host.yaml', typeof written === 'string' ? written : stringify(written), file);
    for (const [name, text] of Object.entries(files)) await put(folder, name, text, file);
    const host = await loadHost('host.yaml', { cwd: folder, recipes, connect: 'lab' });
    if (host.roles.some(({ recipe }) => recipe === own.name)) return { file, host };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      error.problems.map(({ at, message, hint }) =>
        at?.file === 'host.yaml'
          ? { at: { file }, message: `its host file: ${message}`, ...(hint && { hint }) }
          : { at: at ?? { file }, message, ...(hint && { hint }) },
      ),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  throw new UserError({
    at: { file },
    message: `no role of its host file uses the recipe ‘${own.name}’`,
    hint: `Give it one: roles: { ${own.name}: {} }`,
  });
}

function readFormat(file: string, text: string): z.output<typeof format> {
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    const [place] = error.linePos ?? [];
    const [message = ''] = error.message.split(/ at line \d/);
    throw new UserError({ at: { file, ...(place && { line: place.line, column: place.col }) }, message });
  }
  const result = format.safeParse(data);
  if (result.success) return result.data;
  throw new UserError(
    result.error.issues.map((issue) => ({
      at: { file },
      message: `${issue.path.map((part) => `${String(part)}: `).join('')}${plain(issue)}`,
      hint: 'A case has `about`, one sentence, and `host`, a host file; and `files` if that needs some.',
    })),
  );
}

async function put(folder: string, name: string, text: string, file: string): Promise<void> {
  const path = join(folder, name);
  if (relative(folder, path).startsWith('..')) {
    throw new UserError({ at: { file }, message: `files: ${name} is not below the host file's folder` });
  }
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
