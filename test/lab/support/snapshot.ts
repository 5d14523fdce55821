/** A box whose disk can be put back: everything that it wrote lies in one folder, the upper layer of its overlay. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { waitForBoot } from '../../../src/lab/box.ts';
import { leader, members } from '../../../src/lab/cgroup.ts';
import { labCapture } from '../../../src/lab/exec.ts';
import { layerFolders } from '../../../src/lab/layer.ts';
import { powerCutFile } from '../../../src/lab/machine.ts';
import { nodeFolder } from '../../../src/lab/places.ts';
import { must } from '../../../src/lab/run.ts';

/** Milliseconds. */
const STOP = 20_000;

/** Installs what upgrades there are: an upgrade that comes along with a new package could not be taken back. */
export async function upToDate(lab: string): Promise<void> {
  const { code, stderr } = await labCapture({
    name: lab,
    node: 'box',
    argv: [
      'sh',
      '-ec',
      'export DEBIAN_FRONTEND=noninteractive; apt-get -q update; apt-get -qy upgrade; apt-get clean',
    ],
  });
  if (code !== 0) throw new Error(`The box could not be brought up to date: ${stderr}`);
}

/** Switches the box off, saves what it wrote, and boots it again. */
export async function takeSnapshot(lab: string, name: string): Promise<void> {
  await whileOff(lab, async () => {
    await rm(snapshotFolder(lab, name), { recursive: true, force: true });
    await copy(upperOf(lab), snapshotFolder(lab, name));
  });
}

/** Cuts the box off from power and boots it with the disk it had when the snapshot was taken. */
export async function restoreSnapshot(lab: string, name: string): Promise<void> {
  if (!existsSync(snapshotFolder(lab, name))) throw new Error(`There is no snapshot ${name} of ${lab}`);
  await whileOff(lab, async () => {
    await rm(upperOf(lab), { recursive: true, force: true });
    await copy(snapshotFolder(lab, name), upperOf(lab));
  });
}

const upperOf = (lab: string): string => layerFolders(nodeFolder(lab, 'box')).upper;
const snapshotFolder = (lab: string, name: string): string =>
  join(nodeFolder(lab, 'box'), `snapshot-${name}`);

/** With whiteouts, owners and the overlay's own attributes. */
async function copy(from: string, to: string): Promise<void> {
  await must('Copying the disk of the box', ['cp', '-a', '--reflink=auto', '-T', '--', from, to]);
}

/** The box's keeper is stopped meanwhile, so that it does not start the box again before `work` is done. */
async function whileOff(lab: string, work: () => Promise<void>): Promise<void> {
  const first = leader(lab, 'box');
  const keepers = members(lab, join('box', 'keeper'));
  if (first === undefined || keepers.length === 0) throw new Error(`The box of the lab ${lab} does not run`);
  for (const pid of keepers) process.kill(pid, 'SIGSTOP');
  try {
    await writeFile(powerCutFile(lab, 'box'), '');
    process.kill(first, 'SIGKILL');
    const deadline = Date.now() + STOP;
    while (members(lab, 'box').some((pid) => !keepers.includes(pid) && !isZombie(pid))) {
      if (Date.now() > deadline) throw new Error(`The box of the lab ${lab} does not end`);
      await pause(10);
    }
    await work();
    const { work: workdir } = layerFolders(nodeFolder(lab, 'box'));
    await rm(workdir, { recursive: true, force: true });
    await mkdir(workdir);
  } finally {
    for (const pid of keepers) process.kill(pid, 'SIGCONT');
  }
  const deadline = Date.now() + STOP;
  while (leader(lab, 'box') === undefined || leader(lab, 'box') === first) {
    if (Date.now() > deadline) throw new Error(`The box of the lab ${lab} does not start again`);
    await pause(20);
  }
  await waitForBoot(lab);
}

/** Ended, and not yet noticed by its parent: the keeper that is stopped. */
function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}
