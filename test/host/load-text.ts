import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../src/errors.ts';
import type { Host } from '../../src/host/host.ts';
import { type LoadOptions, loadHost } from '../../src/host/load.ts';
import { recipes } from './recipes.ts';

/** A folder for a test's host file, with a folder `public` of two files and a file `file.txt` in it. */
export interface Place extends AsyncDisposable {
  readonly directory: string;
  /** Writes `host.yaml` and loads it. */
  load(text: string | Uint8Array, options?: Partial<LoadOptions>): Promise<Host>;
  /** As `load`, for what must be refused: the error. */
  refuse(text: string | Uint8Array, options?: Partial<LoadOptions>): Promise<UserError>;
}

export async function makePlace(): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'hostwright-host-'));
  await mkdir(join(directory, 'public'));
  await writeFile(join(directory, 'public', 'index.html'), '<h1>Hello</h1>\n');
  await writeFile(join(directory, 'public', 'style.css'), 'h1 { color: teal }\n');
  await writeFile(join(directory, 'file.txt'), 'x');
  const load: Place['load'] = async (text, options) => {
    await writeFile(join(directory, 'host.yaml'), text);
    return loadHost('host.yaml', { cwd: directory, recipes, ...options });
  };
  return {
    directory,
    load,
    refuse: async (text, options) => {
      const host = await load(text, options).catch((error: unknown) => error);
      if (host instanceof UserError) return host;
      throw new Error('This host file was expected to be refused', { cause: host });
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}
