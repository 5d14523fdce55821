/** The box as a computer with a power switch. */
import { readFile } from 'node:fs/promises';
import { HostError } from '../errors.ts';
import { sh } from '../quote.ts';
import { members } from './cgroup.ts';
import { machineArgv } from './exec.ts';
import { consoleFile } from './machine.ts';
import { ADDRESSES } from './network.ts';
import { machineName, type NodeName, netnsPath } from './places.ts';
import { cutPower, first, replaced } from './power.ts';
import { asRoot } from './root.ts';
import { lastLines, mortal, must, type RunResult, run } from './run.ts';
import { readLab } from './state.ts';

/** Milliseconds. */
const BOOT = 60_000;

/**
 * Waits until a machine of the lab lets a LAN machine in by ssh: it has its addresses and sshd has greeted.
 * @throws {HostError} after `timeoutMs` (milliseconds), with the end of what the machine printed.
 */
export async function waitForSsh(lab: string, node: NodeName = 'box', timeoutMs = BOOT): Promise<void> {
  const [v4 = '', v6 = ''] = await addressesOf(lab, node);
  // Asked for inside first: a connection to an address that nobody has yet would block for a second and more.
  // Each try is a connection of its own and short: what is sent through the router before it translates addresses stays
  // untranslated in its connection table, and is sent anew for two minutes in vain.
  const script = sh`nap() { [ "$SECONDS" -lt ${Math.ceil(timeoutMs / 1000)} ] || exit 1; sleep 0.05; }
for address in ${[v4, v6]}; do
  until ip -n ${machineName(lab, node)} -o addr show | grep -qF " $address/"; do nap; done
done
until timeout 5 bash -c ${sh`read -r greeting <${`/dev/tcp/${v4}/22`}`.text} 2>/dev/null; do nap; done`;
  const argv = ['nsenter', `--net=${netnsPath(lab, 'laptop')}`, 'bash', '-c', script.text];
  const code = await whileKept(lab, node, (signal) => run(mortal(asRoot(argv)), { signal }));
  if (code === 0) return;
  const why = code === undefined ? 'ended before it was up' : `did not come up in ${timeoutMs / 1000} s`;
  throw new HostError(`The machine ${node} of the lab ${lab} ${why}`, {
    output: lastLines(await readFile(consoleFile(lab, node), 'utf8').catch(() => ''), 15),
  });
}

/** The box's may have changed since the lab was brought up. */
async function addressesOf(lab: string, node: NodeName): Promise<readonly string[]> {
  const state = await readLab(lab).catch(() => undefined);
  return state?.nodes.find(({ name }) => name === node)?.addresses ?? ADDRESSES[node];
}

/** Milliseconds. */
const GRACE = 2_000;

/** The exit code of `work`; undefined when the machine's keeper ended first, since then it will never be up. */
async function whileKept(
  lab: string,
  node: NodeName,
  work: (signal: AbortSignal) => Promise<RunResult>,
): Promise<number | undefined> {
  const controller = new AbortController();
  const started = Date.now();
  const watch = setInterval(() => {
    // At first the keeper may not be in its control group yet.
    if (members(lab, node).length === 0 && Date.now() - started > GRACE) controller.abort();
  }, 200);
  try {
    return (await work(controller.signal)).code;
  } catch (error) {
    if (controller.signal.aborted) return undefined;
    throw error;
  } finally {
    clearInterval(watch);
  }
}

/**
 * Reboots the box the way its owner would, and waits until it is up again.
 * @throws {HostError} when it does not end or does not come back.
 */
export async function reboot(lab: string): Promise<void> {
  const before = first(lab, 'box');
  await must('Rebooting the box', asRoot(machineArgv(lab, 'box', ['systemctl', 'reboot'])));
  await replaced(lab, 'box', before);
  await waitForBoot(lab);
}

/**
 * Cuts the box off from power, without a word to anything that runs on it, and starts it again. What it had written
 * stays written, since the page cache is this computer's: a machine of its own would lose what was not synced.
 * @throws {HostError} when it does not come back.
 */
export async function powerCut(lab: string): Promise<void> {
  await cutPower(lab, 'box');
  await waitForBoot(lab);
}

/**
 * Waits until the box has booted to the end and lets a LAN machine in by ssh.
 * @throws {HostError} as {@link waitForSsh} does.
 */
export async function waitForBoot(lab: string): Promise<void> {
  await waitForSsh(lab);
  // Its exit code tells of units that failed, which may be just what is being tried.
  await run(
    asRoot(
      machineArgv(lab, 'box', ['timeout', String(BOOT / 1000), 'systemctl', 'is-system-running', '--wait']),
    ),
  );
}
