/**
 * `npm test`: everything. Unit tests first, then the tests on real machines in the lab, one after the other.
 * Words after `npm test --` go to vitest.
 */
import { join } from 'node:path';
import { ensureLabPackages } from './lab-packages.ts';
import { ROOT, runNode } from './run.ts';

if (await ensureLabPackages()) {
  process.stdout.write(
    'Running the unit tests, then the tests in the lab (machines are started and stopped) …\n',
  );
  process.exitCode = await runNode(join(ROOT, 'node_modules/vitest/vitest.mjs'), [
    'run',
    ...process.argv.slice(2),
  ]);
} else process.exitCode = 1;
