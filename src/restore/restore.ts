import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { RecipeSource } from '../compose/catalogue.ts';
import type { Target } from '../connect/connection.ts';
import { UserError } from '../errors.ts';
import { checkText } from '../host/check-text.ts';
import { folderInputs } from '../host/folder-inputs.ts';
import { localName } from '../host/local-settings.ts';
import { recipesHash } from '../host/own-recipes.ts';
import { addToOwnRecord } from '../host/own-record.ts';
import { readRoot } from '../host/root.ts';
import { readSettings } from '../host/settings.ts';
import { parseYaml } from '../host/yaml.ts';
import { writeSchema } from '../wizard/init.ts';
import { writeGitignore, writeNew } from '../wizard/write.ts';
import type { Fetched } from './fetch.ts';
import { isWithin, writeBelow } from './write.ts';

export interface RestoreOptions {
  /** Absolute. */
  readonly directory: string;
  /** The recipes of the folder, once it has been written; one that may not run refuses to be loaded. */
  recipes(): Promise<RecipeSource>;
  /** How the host was reached. */
  readonly target: Target;
  /** The same as the user wrote it. */
  readonly from: string;
}

/** What {@link restore} did; every path is relative to the folder unless it says otherwise. */
export interface Restored {
  /** Absolute: the host file. */
  readonly file: string;
  /** Each with the number of its files. */
  readonly folders: readonly { readonly path: string; readonly files: number }[];
  /** Files that were there already. */
  readonly there: readonly string[];
  /** What could not be had back, and what to do about it: sentences. */
  readonly missing: readonly string[];
  /** The file with the way to the host, when the host file does not say this one. */
  readonly local?: string;
}

/**
 * Makes a working folder out of what a host keeps. Nothing that is there is written over.
 * @throws {UserError} when there is a host file already
 */
export async function restore(fetched: Fetched, options: RestoreOptions): Promise<Restored> {
  const { directory } = options;
  const { text } = fetched;
  const file = join(directory, 'host.yaml');
  await mkdir(directory, { recursive: true });
  await writeNew(file, text);
  const own = [...fetched.recipes].map(([path, content]) => ({ path, content }));
  const parts = [await writePart('recipes', own, directory)];
  const missing: string[] = [];
  for (const { source, at, files, size } of fetched.trees) {
    if (!isWithin(source) && source !== '.') missing.push(`${at} came from ${source}: fetch it yourself.`);
    else if (!files)
      missing.push(`${at} has ${megabytes(size)} MB: copy it to ${source} yourself, with rsync.`);
    else parts.push(await writePart(source, files, directory));
  }
  const recipes = await options.recipes();
  missing.push(...(await lackingFolders(text, directory, recipes)));
  const local = await noteTheWay(text, options);
  await writeGitignore(directory);
  await writeSchema({ directory, recipes: loadable(recipes) });
  const hash = recipesHash(fetched.recipes);
  await addToOwnRecord(directory, file, { text, ...(hash === undefined ? {} : { recipes: hash }) });
  return {
    file,
    folders: parts.filter(({ files }) => files > 0).map(({ path, files }) => ({ path, files })),
    there: parts.flatMap(({ there }) => there),
    missing: [...missing, ...parts.flatMap(({ refused }) => refused)],
    ...(local === undefined ? {} : { local }),
  };
}

type Files = Parameters<typeof writeBelow>[1];

async function writePart(path: string, files: Files, directory: string) {
  const { made, there, refused } = await writeBelow(join(directory, path), files);
  return {
    path,
    files: made,
    there: there.map((name) => join(path, name)),
    refused: refused.map((name) => `${join(path, name)} has a name that is not written here.`),
  };
}

/** Folders that the host file names and that were not restored: without them it cannot be planned. */
async function lackingFolders(
  text: string,
  directory: string,
  recipes: RecipeSource,
): Promise<readonly string[]> {
  const refused: UserError[] = [];
  const noted: RecipeSource = {
    ...recipes,
    load: (name) =>
      recipes.load(name).catch((error: unknown) => {
        if (error instanceof UserError) refused.push(error);
        throw error;
      }),
  };
  try {
    const roles = await checkText(text, 'host.yaml', directory, noted);
    const named = roles.flatMap(({ definition, input }) => folderInputs(definition.inputs, input));
    const lacking = [...new Set(named.map(({ folder }) => folder))].filter(
      (folder) => !existsSync(resolve(directory, folder)),
    );
    return lacking.map(
      (folder) => `${folder} is named in the host file and is not here: put it back yourself.`,
    );
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // The host file may be right: it has a role of a recipe that came with it, which nobody has let run here.
    if (refused.length > 0) return refused.map(({ message }) => message);
    return [`This version of hostwright does not take the host file as it is:\n${error.message}`];
  }
}

/** For the schema, which does without recipes that may not run yet. */
function loadable(recipes: RecipeSource): RecipeSource {
  return {
    ...recipes,
    load: (name) =>
      recipes.load(name).catch((error: unknown) => {
        if (error instanceof UserError) return undefined;
        throw error;
      }),
  };
}

/** The way that has just worked is a personal one when the host file says another, or none. */
async function noteTheWay(
  text: string,
  { directory, target, from }: RestoreOptions,
): Promise<string | undefined> {
  const written = wayIn(text, directory);
  if (written && isDeepStrictEqual(place(written), place(target))) return undefined;
  const path = localName(join(directory, 'host.yaml'));
  if (existsSync(path)) return undefined;
  const connect = target.kind === 'lab' ? `{ lab: ${target.name} }` : JSON.stringify(from);
  const about = '# My own way to the host: it stands in the place of what host.yaml says. Not for git.';
  await writeNew(path, `${about}\nconnect: ${connect}\n`);
  return path;
}

function wayIn(text: string, directory: string): Target | undefined {
  try {
    return readSettings(readRoot(parseYaml(text, ''), ''), directory, false).connect;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function place(target: Target): unknown {
  if (target.kind === 'lab') return target.name;
  return target.kind === 'local' ? 'local' : [target.host, target.user, target.port];
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1_000_000);
