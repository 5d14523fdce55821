#!/usr/bin/env node
// Plain JavaScript that the oldest Node can read: it says in a sentence what is missing, then starts the bundle.
// The only place where an error becomes an exit code.
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { join } from 'node:path';

const OLDEST_NODE = 20;
const bundle = new URL('../dist/main.js', import.meta.url);

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  refuse(
    `hostwright needs Node.js ${OLDEST_NODE} or newer, and this is ${process.version}. ` +
      'Debian 13 has it as `apt install nodejs`; for older systems see https://nodejs.org/en/download.',
  );
} else if (!existsSync(bundle)) {
  refuse('hostwright has not been built here yet. Run `npm run build` in its folder, then try again.');
} else {
  await start();
}

async function start() {
  // A folder of this account's own: compiled code must not come from a place where others can write.
  const { XDG_CACHE_HOME, HOME } = process.env;
  const cache = XDG_CACHE_HOME || (HOME && join(HOME, '.cache'));
  if (cache) nodeModule.enableCompileCache?.(join(cache, 'hostwright', 'compiled'));
  const { main, report } = await import(bundle.href);
  const words = process.argv.slice(2);
  // Thrown where nobody waits for it: a bug of ours, or of a package. A rejection nobody handles comes here too.
  process.on('uncaughtException', async (error) => process.exit(await report(error, words)));
  try {
    process.exitCode = await main(words);
  } catch (error) {
    process.exitCode = await report(error, words);
  }
}

/** @param {string} sentence */
function refuse(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 2;
}
