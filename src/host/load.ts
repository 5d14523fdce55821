import { dirname, join, resolve } from 'node:path';
import { AGENT_FOLDER } from '../compose/agent/folder.ts';
import type { RecipeSource } from '../compose/catalogue.ts';
import type { Target } from '../connect/connection.ts';
import { READERS_FILE, VAULT_FILE } from '../secrets/places.ts';
import { agentFolder } from './agent-folder.ts';
import { hashFolders, listFolders } from './folders.ts';
import type { Host } from './host.ts';
import { localName, readLocalSettings } from './local-settings.ts';
import { portProblems } from './ports.ts';
import { raise } from './problems.ts';
import { readHostFile } from './read.ts';
import { readRoles } from './roles.ts';
import { readRoot } from './root.ts';
import { readSettings } from './settings.ts';
import { parseTarget } from './target.ts';
import { parseYaml } from './yaml.ts';

/** What stands beside a host file and is for hostwright only: never uploaded as part of a folder. */
const OURS = ['.hostwright', VAULT_FILE, READERS_FILE] as const;

/** What loading needs besides the file. */
export interface LoadOptions {
  /** Absolute; a relative host file counts from here. */
  readonly cwd: string;
  readonly recipes: RecipeSource;
  /** `--connect`: instead of the file's own connection. */
  readonly connect?: string;
  /** `--lab`: the lab to use where the connection is one. */
  readonly lab?: string;
  /** Called as soon as it is known where to connect to: roles and folders are read while the handshake runs. */
  onTarget?(target: Target): void;
}

/**
 * Reads a host file, its recipes and the folders that it names.
 * @param file as the user named it.
 * @throws {UserError} with everything that is wrong, in the order of the file, each with line and column.
 */
export async function loadHost(file: string, options: LoadOptions): Promise<Host> {
  const path = resolve(options.cwd, file);
  const directory = dirname(path);
  const override = options.connect === undefined ? undefined : parseTarget(options.connect);
  const text = await readHostFile(path, file);
  const parsed = parseYaml(text, file);
  const root = readRoot(parsed, file);
  const local = await readLocalSettings(path, file);
  const needsConnect = override === undefined && local?.complete !== true;
  const { name, network, findings, ...settings } = readSettings(root, directory, needsConnect);
  const written = local ? local.over(settings.connect) : settings.connect;
  const connect = inLab(override ?? written, options.lab);
  if (connect && findings.length === 0 && parsed.problems.length === 0) options.onTarget?.(connect);

  const { roles, refused, problems } = await readRoles(root, options.recipes);
  const listed = await listFolders(
    [...roles, ...refused],
    directory,
    new Set([path, localName(path), ...OURS.map((name) => join(directory, name))]),
  );
  const ports = portProblems(roles, name ?? '', listed.folders);
  raise(parsed, [...findings, ...problems, ...listed.problems, ...ports]);
  const { folders, problems: unreadable } = await hashFolders(listed.folders);
  raise(parsed, unreadable);
  const agent = await agentFolder();
  if (name === undefined || connect === undefined)
    throw new Error('A host file without problems lacks a name or a connection');
  const templates = await readTemplates(
    roles.map(({ recipe }) => recipe),
    options.recipes,
  );
  const personal = override === undefined && local ? { connectFrom: local.file } : {};
  const catalogue = options.recipes.own?.size ? { catalogue: options.recipes } : {};
  return {
    file,
    directory,
    text,
    name,
    connect,
    ...personal,
    network,
    roles,
    folders: new Map([...folders, [AGENT_FOLDER, agent]]),
    templates,
    ...catalogue,
  };
}

function inLab(target: Target | undefined, lab: string | undefined): Target | undefined {
  return target?.kind === 'lab' && lab !== undefined ? { ...target, name: lab } : target;
}

async function readTemplates(recipes: readonly string[], source: RecipeSource): Promise<Host['templates']> {
  const read = [...new Set(recipes)].map(async (recipe) => {
    const templates = await source.templates(recipe);
    return [...templates].map(([name, text]) => [`${recipe}/${name}`, text] as const);
  });
  return new Map((await Promise.all(read)).flat());
}
