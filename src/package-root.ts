import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of hostwright itself, where `templates/` and `package.json` lie. Found by walking up, because this
 * module lies in `src/` while developing and in `dist/` once bundled.
 */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('The package.json of hostwright is missing: install it again');
    folder = parent;
  }
  return folder;
}
