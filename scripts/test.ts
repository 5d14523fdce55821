/**
 * `npm test`: everything. Lint, types and dead code first, then the unit tests, then the tests on real machines in
 * the lab, one after the other. Words after `npm test --` go to vitest.
 */
import { join } from 'node:path';
import { ensureLabPackages } from './lab-packages.ts';
import { ROOT, runNode } from './run.ts';

const CHECKS: Readonly<Record<string, readonly [script: string, ...words: string[]]>> = {
  'Lint and format (biome)': ['@biomejs/biome/bin/biome', 'check'],
  'Types (tsc)': ['typescript/bin/tsc'],
  'Dead code (knip)': ['knip/bin/knip.js'],
};

/** What tests run on this computer itself, in network namespaces of their own. */
const TOOLS = { nft: 'nftables', 'ssh-agent': 'openssh-client', dash: 'dash' };

const inModules = (script: string): string => join(ROOT, 'node_modules', script);
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function main(words: readonly string[]): Promise<number> {
  if (!(await ensureLabPackages(TOOLS))) return 1;
  let code = 0;
  for (const [name, [script, ...rest]] of Object.entries(CHECKS)) {
    say(`${name} …`);
    code = Math.max(code, await runNode(inModules(script), rest));
  }
  say('Unit tests, then tests on real machines in the lab (50 to 70 minutes) …');
  return Math.max(code, await runNode(inModules('vitest/vitest.mjs'), ['run', ...words]));
}

process.exitCode = await main(process.argv.slice(2));
