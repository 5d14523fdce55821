import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageRoot } from '../package-root.ts';

/** What an editor reads: the same on every computer, so it may be committed. */
const CONFIG = {
  compilerOptions: {
    target: 'ES2023',
    lib: ['ES2023'],
    module: 'ESNext',
    moduleResolution: 'Bundler',
    types: [],
    noEmit: true,
    strict: true,
    noUncheckedIndexedAccess: true,
    allowJs: true,
    checkJs: true,
    allowImportingTsExtensions: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
    paths: {
      hostwright: ['../.hostwright/types/hostwright.d.ts'],
      zod: ['../.hostwright/types/zod.d.ts'],
    },
  },
  include: ['**/*.ts', '**/*.js'],
};

/**
 * Lets an editor know what `hostwright` and `zod` are beside a host file, where nothing is installed: by the types of the
 * hostwright that runs. Where that lies differs by computer, so only `recipes/tsconfig.json` is for git.
 */
export async function writeEditorTypes(directory: string): Promise<void> {
  const types = join(directory, '.hostwright/types');
  await mkdir(types, { recursive: true });
  await mkdir(join(directory, 'recipes'), { recursive: true });
  const built = join(packageRoot(), 'dist/types/src/api/hostwright.js');
  // Not packed yet: a checkout, where the sources say the same.
  const api = existsSync(built.replace(/js$/, 'd.ts')) ? built : join(packageRoot(), 'src/api/hostwright.ts');
  await writeFile(join(types, 'hostwright.d.ts'), from(api));
  const zod = zodFolder();
  if (zod !== undefined) await writeFile(join(types, 'zod.d.ts'), from(join(zod, 'index.js')));
  const config = join(directory, 'recipes/tsconfig.json');
  if (!existsSync(config))
    await writeFile(config, `${JSON.stringify(CONFIG, undefined, 2)}\n`, { flag: 'wx' });
}

const from = (path: string): string =>
  `// Made by hostwright for editors, which find here what recipes import. Made anew by: hostwright recipes lint\nexport * from ${JSON.stringify(path)};\n`;

function zodFolder(): string | undefined {
  try {
    return dirname(createRequire(join(packageRoot(), 'package.json')).resolve('zod/package.json'));
  } catch {
    return undefined;
  }
}
