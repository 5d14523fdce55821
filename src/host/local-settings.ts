import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Target } from '../connect/connection.ts';
import { UserError } from '../errors.ts';
import { readConnect } from './connect-key.ts';
import { unknownKey } from './issues.ts';
import { readPartialConnect } from './partial-connect.ts';
import { raise } from './problems.ts';
import { readHostFile } from './read.ts';
import type { MapTree } from './tree.ts';
import { parseYaml } from './yaml.ts';

const SUFFIX = '.local.yaml';

/** `host.local.yaml` for `host.yaml`, beside it. */
export function localName(file: string): string {
  return join(dirname(file), `${basename(file).replace(/\.ya?ml$/, '')}${SUFFIX}`);
}

/** True for the name of a file with personal settings: it is no host file. */
export function isLocalName(file: string): boolean {
  return file.endsWith(SUFFIX);
}

/** One person's own way to a host: what `host.local.yaml` says instead of, or besides, the host file. */
export interface LocalSettings {
  /** As the user would name it. */
  readonly file: string;
  /** The host file's connection with the personal settings over it. */
  over(target: Target | undefined): Target | undefined;
  /** A whole connection, so that the host file needs none. */
  readonly complete: boolean;
}

/**
 * Reads the personal connection settings beside a host file, if there are any.
 * @param path of the host file, absolute; `file` is its name in messages.
 * @throws {UserError} with everything that is wrong in that file, with line and column.
 */
export async function readLocalSettings(path: string, file: string): Promise<LocalSettings | undefined> {
  const [localPath, name] = [localName(path), localName(file)];
  if (!existsSync(localPath)) return undefined;
  const parsed = parseYaml(await readHostFile(localPath, name), name);
  const { tree } = parsed;
  if (tree === undefined || (tree.kind === 'scalar' && tree.value === null)) {
    raise(parsed, []);
    return undefined;
  }
  if (tree.kind !== 'map') {
    raise(parsed, [
      { at: tree.at, message: `${name} is a group of keys: connect and nothing else`, hint: EXAMPLE },
    ]);
    throw new UserError({ at: tree.at, message: `${name} is a group of keys`, hint: EXAMPLE });
  }
  const strange = [...tree.entries.keys()].filter((key) => key !== 'connect');
  const unknown = strange.map((key) => {
    const problem = unknownKey(tree, [key], ['connect']);
    return key in OF_THE_HOST
      ? {
          ...problem,
          hint: `Personal settings are about the connection only; ${key} belongs in ${basename(file)}.`,
        }
      : problem;
  });
  const settings = connectionOf(tree, dirname(path));
  raise(parsed, [...unknown, ...('problems' in settings ? settings.problems : [])]);
  return 'value' in settings ? { file: name, ...settings.value } : undefined;
}

const EXAMPLE = 'It has lines such as: connect: { user: anna, identityFile: ~/.ssh/attic }';

const OF_THE_HOST = { hostwright: 1, host: 1, network: 1, roles: 1 } as const;

function connectionOf(tree: MapTree, directory: string) {
  const connect = tree.entries.get('connect')?.value;
  const none = { over: (target: Target | undefined) => target, complete: false };
  if (!connect || (connect.kind === 'scalar' && connect.value === null)) return { value: none };
  const isWhole = connect.kind !== 'map' || ['lab', 'local'].some((kind) => connect.entries.has(kind));
  if (isWhole) {
    const whole = readConnect(tree, connect, directory);
    return 'problems' in whole ? whole : { value: { over: () => whole.value, complete: true } };
  }
  return readPartialConnect(tree, connect, directory);
}
