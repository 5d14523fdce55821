/**
 * Bundles `src/cli/main.ts` into `dist/`: one small entry and chunks that load when a command needs them.
 * Chunk names carry a hash of their content, so a build never changes a chunk that a running hostwright may
 * still load; chunks that no build needs any more go after an hour.
 */
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const HOUR = 3_600_000;

/** The lab's helper is a program of its own: it runs as root, or goes on after hostwright has ended. */
const ENTRIES = {
  main: 'src/cli/main.ts',
  'lab-helper': 'src/lab/helper.ts',
  // What recipes of one's own import, out of the same chunks; and how Node finds it.
  api: 'src/api/hostwright.ts',
  zod: 'zod',
  'recipe-hooks': 'src/own/hooks.ts',
};

/** CommonJS packages count on names that an ES module does not have unless it makes them. */
const BANNER = [
  "import { createRequire as createRequire_ } from 'node:module';",
  'const require = createRequire_(import.meta.url);',
  "const __dirname = new URL('.', import.meta.url).pathname;",
].join(' ');

/** zod brings its messages in fifty languages, half its size, which every start would read; English stays. */
const withoutZodLocales: Plugin = {
  name: 'without-zod-locales',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: 'export {};' }));
  },
};

/** Builds `dist/`, and returns the names and sizes (bytes) of what it holds now. */
export async function bundle(): Promise<ReadonlyMap<string, number>> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ENTRIES,
    outdir: dist,
    bundle: true,
    splitting: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    chunkNames: '[name]-[hash]',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    external: ['cpu-features', '*.node'],
    banner: { js: BANNER },
    plugins: [withoutZodLocales],
    logLevel: 'warning',
  });
  await mkdir(dist, { recursive: true });
  // Entries name the chunks, so they come last and in one move.
  const ordered = outputFiles.toSorted((a, b) => Number(isEntry(a.path)) - Number(isEntry(b.path)));
  for (const { path, contents } of ordered) await put(path, contents);
  await bundleAgent();
  await prune(new Set(outputFiles.map(({ path }) => basename(path))));
  return new Map(outputFiles.map(({ path, contents }) => [basename(path), contents.length]));
}

/**
 * Bundles the agent into `dist/agent/`: what is uploaded to hosts, for the Node.js of Debian 12 and newer. The names of
 * its parts carry no hash of anything but their content, so the same source is the same agent.
 */
async function bundleAgent(): Promise<void> {
  const folder = join(dist, 'agent');
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { main: 'src/agent/main.ts' },
    outdir: folder,
    bundle: true,
    splitting: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node18',
    outExtension: { '.js': '.mjs' },
    chunkNames: '[name]-[hash]',
    minify: true,
    legalComments: 'none',
    banner: { js: BANNER },
    plugins: [withoutZodLocales],
    logLevel: 'warning',
  });
  await mkdir(folder, { recursive: true });
  const scripts = ['install-certificates', 'certificates-due'];
  const files = [
    ...outputFiles.map(({ path, contents }) => ({ path, contents })),
    ...(await Promise.all(
      scripts.map(async (name) => ({
        path: join(folder, name),
        contents: await readFile(join(root, 'src/agent/host', name)),
      })),
    )),
  ];
  for (const { path, contents } of files) await put(path, contents);
  // A host gets what lies here: nothing of an earlier build stays.
  const current = new Set(files.map(({ path }) => basename(path)));
  for (const name of await readdir(folder)) if (!current.has(name)) await rm(join(folder, name));
}

const isEntry = (path: string): boolean => Object.hasOwn(ENTRIES, basename(path, '.js'));

async function put(path: string, contents: Uint8Array): Promise<void> {
  const now = new Date();
  const present = await readFile(path).catch(() => undefined);
  if (present?.equals(contents)) return utimes(path, now, now);
  const staged = `${path}.${process.pid}.tmp`;
  await writeFile(staged, contents);
  await rename(staged, path);
}

async function prune(current: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(dist)) {
    // Types are made when the package is packed (tsconfig.types.json).
    if (current.has(name) || name === 'types' || name === 'agent') continue;
    const path = join(dist, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > HOUR) await rm(path, { force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const sizes = [...(await bundle()).values()];
  const kib = Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1024);
  process.stdout.write(`dist/: ${sizes.length} files, ${kib} KiB\n`);
}
