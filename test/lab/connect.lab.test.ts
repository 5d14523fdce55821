import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { laptopArgv } from '../../src/lab/enter.ts';
import { labUp } from '../../src/lab/up.ts';
import { releasesOf } from './support/releases.ts';

/** One suite file's results, as vitest's JSON reporter writes them. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Connections are tested from where a person sits: vitest itself runs in the laptop's network. */
async function runToEnd(argv: readonly string[]): Promise<void> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { stdio: 'ignore' });
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}

describe.each(releasesOf('trixie'))('connections to a real host on %s', (release) => {
  const lab = `connect-${release}`;
  const output = join(tmpdir(), `hostwright-${lab}-${process.pid}.json`);

  afterAll(async () => {
    rmSync(output, { force: true });
    await labDown({ name: lab, report: () => {} });
  });

  it('keep the contract, log in every way and become root every way, by both back ends', {
    timeout: 900_000,
  }, async () => {
    const state = await labUp({ name: lab, release, report: () => {} });
    const vitest = [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config',
      'test/lab/connect/support/vitest.config.ts',
    ];
    const report = ['--reporter=json', `--outputFile=${output}`];
    await runToEnd(laptopArgv(state, ['env', `HW_TEST_LAB=${lab}`, process.execPath, ...vitest, ...report]));
    const { testResults } = JSON.parse(readFileSync(output, 'utf8')) as Report;
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
    const failed = tests.filter(({ status }) => status !== 'passed');
    expect(
      failed.map(({ fullName, failureMessages }) => `${fullName}\n${failureMessages.join('\n')}`),
    ).toEqual([]);
    expect(testResults.filter(({ message }) => message !== '')).toEqual([]);
    expect(testResults).toHaveLength(3);
    expect(tests.length).toBeGreaterThan(140);
  });
});
