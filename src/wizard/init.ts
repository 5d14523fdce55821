import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { checkText } from '../host/check-text.ts';
import { folderInputs } from '../host/folder-inputs.ts';
import type { Role } from '../host/host.ts';
import { hostFileSchema } from '../host/json-schema.ts';
import { readHostFile } from '../host/read.ts';
import { toValue } from '../host/tree.ts';
import { parseYaml } from '../host/yaml.ts';
import { collectAnswers } from './answers.ts';
import { completeAnswers, type WizardOptions } from './questions.ts';
import { renderHostFile } from './render.ts';
import { alreadyThere, makeFirstPage, writeGitignore, writeNew } from './write.ts';

export interface InitOptions extends WizardOptions {
  /** Absolute: the folder that gets the host file. Made when it is not there. */
  readonly directory: string;
  /** Absolute: `--answers`. */
  readonly answersFile?: string;
  /** `--set`, each `key=value`. */
  readonly sets: readonly string[];
  /** Shows the host file before it is written. */
  show(text: string): void;
}

/** What {@link init} made. */
export interface InitResult {
  /** Absolute. */
  readonly file: string;
  readonly text: string;
  /** Folders with a first page, relative to the host file. */
  readonly folders: readonly string[];
}

/**
 * Makes a host file out of answers and questions.
 * @throws {UserError} where there is one already, and for answers that are missing or make no valid host file.
 */
export async function init(options: InitOptions): Promise<InitResult> {
  const file = join(options.directory, 'host.yaml');
  if (existsSync(file)) throw alreadyThere(file);
  const given = options.answersFile === undefined ? undefined : await readAnswers(options.answersFile);
  const draft = await completeAnswers(collectAnswers(given, options.sets), options);
  const text = renderHostFile(draft);
  const roles = await check(text, options);
  options.show(text);
  await mkdir(options.directory, { recursive: true });
  const folders = await makeFolders(roles, options.directory, String(draft.host));
  await writeSchema(options);
  await writeGitignore(options.directory);
  await writeNew(file, text);
  return { file, text, folders };
}

/** The answers are what is wrong, not the lines of a file that nobody has seen yet. */
async function check(text: string, { directory, recipes }: InitOptions): Promise<readonly Role[]> {
  try {
    return await checkText(text, 'host.yaml', directory, recipes);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.problems.map(({ message, hint }) => ({ message, ...(hint && { hint }) })));
  }
}

async function readAnswers(path: string): Promise<unknown> {
  if (!existsSync(path)) throw new UserError({ message: `--answers: there is no file ${path}` });
  const { tree, problems } = parseYaml(await readHostFile(path, basename(path)), basename(path));
  if (problems.length > 0) throw new UserError(problems);
  return tree && toValue(tree);
}

async function makeFolders(
  roles: readonly Role[],
  directory: string,
  host: string,
): Promise<readonly string[]> {
  const named = roles.flatMap(({ definition, input }) => folderInputs(definition.inputs, input));
  const made: string[] = [];
  for (const folder of new Set(named.map((input) => input.folder)))
    if (await makeFirstPage(resolve(directory, folder), host)) made.push(folder);
  return made;
}

/** Lets editors complete and check the host file. */
export async function writeSchema({
  directory,
  recipes,
}: Pick<InitOptions, 'directory' | 'recipes'>): Promise<void> {
  const folder = join(directory, '.hostwright');
  await mkdir(folder, { recursive: true });
  const schema = await hostFileSchema(recipes);
  await writeFile(join(folder, 'schema.json'), `${JSON.stringify(schema, undefined, 2)}\n`);
}
