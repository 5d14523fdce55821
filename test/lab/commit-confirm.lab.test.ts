import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { powerCut } from '../../src/lab/box.ts';
import { labDown } from '../../src/lab/down.ts';
import { laptopArgv } from '../../src/lab/enter.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { readLab } from '../../src/lab/state.ts';
import { labUp } from '../../src/lab/up.ts';
import { hostwright, summaryOf, type WorkingFolder, workingFolder } from './support/hostwright.ts';
import { releasesOf } from './support/releases.ts';

const LAB = 'confirm-test';
const here = dirname(fileURLToPath(import.meta.url));

const box = async (script: string): Promise<string> =>
  (await labCapture({ name: LAB, node: 'box', argv: ['sh', '-c', script] })).stdout;

/** Whether a new ssh connection from the laptop gets as far as sshd's greeting. */
const greeted = async (): Promise<boolean> => {
  const script =
    'exec 3<>/dev/tcp/192.168.1.20/22 && read -r line <&3 && case $line in SSH-*) ;; *) exit 1 ;; esac';
  const { code } = await labCapture({
    name: LAB,
    node: 'laptop',
    argv: ['timeout', '3', 'bash', '-c', script],
  });
  return code === 0;
};

/** Seconds until new connections get in again. */
async function secondsUntilOpen(limit: number): Promise<number> {
  const begun = performance.now();
  while (performance.now() - begun < limit * 1000) {
    if (await greeted()) return (performance.now() - begun) / 1000;
    await pause(300);
  }
  throw new Error(`still closed after ${limit} seconds`);
}

/** Applies a firewall that lets nobody in; resolves once the host waits for a confirmation. */
async function cutSsh() {
  const [program = '', ...words] = laptopArgv(await readLab(LAB), [
    process.execPath,
    '--import',
    'tsx',
    join(here, 'support/cut-ssh.ts'),
    LAB,
  ]);
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const waiting = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
      if (output.includes('"confirming"')) resolve();
    });
    child.on('close', () => reject(new Error(`never waited for a confirmation:\n${output}`)));
  });
  const closed = once(child, 'close');
  await waiting;
  return { child, closed, output: () => output };
}

/** What must be as before once the host has gone back: nothing of ours but the journal. */
const traces = (): Promise<string> =>
  box(`nft list table inet hostwright 2>&1 | head -n 1
ls /etc/systemd/system /etc/systemd/system/*.wants | grep hostwright
systemctl list-units --all --no-legend 'hostwright*'
find /etc -name '*hostwright*'
ls /var/lib/hostwright/unconfirmed 2>/dev/null
:`);

describe.each(releasesOf('trixie'))('a firewall that would cut ssh on %s', (release) => {
  let folder: WorkingFolder;
  beforeAll(async () => {
    await labUp({ name: LAB, release, report: () => undefined });
    folder = workingFolder({
      'host.yaml': `host: attic\nconnect: { lab: ${LAB} }\nroles:\n  firewall: {}\n`,
    });
  });
  afterAll(async () => {
    folder?.remove();
    await labDown({ name: LAB, report: () => undefined });
  });

  it('is undone by the host within 60 seconds, and the run says so', async () => {
    const before = await traces();
    const { closed, output } = await cutSsh();
    expect(await greeted()).toBe(false);
    expect(await secondsUntilOpen(60)).toBeLessThan(60);
    await closed;
    expect(output()).toContain('"reverted"');
    expect(output()).toMatch(/"summary".*"failed":1/);
    expect(await traces()).toBe(before);
  });

  it('is undone with hostwright gone', async () => {
    const { child, closed } = await cutSsh();
    child.kill('SIGKILL');
    await closed;
    expect(await greeted()).toBe(false);
    await secondsUntilOpen(60);
    expect(await box('systemctl is-active hostwright-firewall.service')).toBe('inactive\n');
  });

  it('is undone by a boot in between', async () => {
    const { child, closed } = await cutSsh();
    child.kill('SIGKILL');
    await closed;
    await powerCut(LAB);
    await secondsUntilOpen(60);
    expect(await traces()).not.toContain('table inet hostwright {');
    expect(await box('tail -n 1 "$(ls -td /var/lib/hostwright/runs/* | head -n 1)/events"')).toMatch(
      /^reverted|^end/,
    );
  });

  it('a right one is confirmed, survives a power cut, and a wrong one after it goes back to it', async () => {
    const applied = await hostwright(['apply', '--yes', '--json'], folder.path);
    expect(summaryOf(applied), applied.stderr).toMatchObject({ failed: 0 });
    await powerCut(LAB);
    await secondsUntilOpen(60);
    expect(summaryOf(await hostwright(['apply', '--yes', '--json'], folder.path))).toMatchObject({
      changed: 0,
    });
    const before = await box('nft -s -t list table inet hostwright; cat /etc/hostwright/firewall.nft');
    const { child, closed } = await cutSsh();
    child.kill('SIGKILL');
    await closed;
    expect(await greeted()).toBe(false);
    await secondsUntilOpen(60);
    expect(await box('nft -s -t list table inet hostwright; cat /etc/hostwright/firewall.nft')).toBe(before);
    const after = await hostwright(['apply', '--yes', '--json'], folder.path);
    expect(summaryOf(after), after.stdout).toMatchObject({ changed: 0, failed: 0 });
  });
});
