/**
 * `npm run try`: the main job, on no machine of yours. A bare Debian machine in a simulated home network becomes a
 * web server; the phone there gets the page, the internet machine gets nothing. Words after `npm run try --` go to
 * `hostwright rehearse`.
 */
import { join } from 'node:path';
import { ensureLabPackages } from './lab-packages.ts';
import { ROOT, runNode } from './run.ts';

const HOST_FILE = 'examples/first-site/host.yaml';

if (await ensureLabPackages()) {
  process.stdout.write(`\nRehearsing ${HOST_FILE} on a bare machine in a simulated home network …\n\n`);
  const words = process.argv.slice(2);
  const code = await runNode(join(ROOT, 'bin/hostwright.js'), ['rehearse', HOST_FILE, ...words]);
  if (code === 0) {
    process.stdout.write(
      '\nThat was the main job. For a machine of yours: node bin/hostwright.js init, then node bin/hostwright.js apply.\n',
    );
  }
  process.exitCode = code;
} else process.exitCode = 1;
