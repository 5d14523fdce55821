/** Taking a lab away. Needs no record of what was made: everything carries the lab's name. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { HostError } from '../errors.ts';
import { removeUnfinishedImages } from './build-image.ts';
import { groups, leader, members, removeGroups } from './cgroup.ts';
import { lockNameFile } from './keeper.ts';
import { layerFolders } from './layer.ts';
import { withLock } from './lock.ts';
import { LABS, labFolder, labName, machineName, NODES, nodeFolder, SWITCH } from './places.ts';
import { asHelper, isRoot } from './root.ts';
import { must, run } from './run.ts';

export interface LabDownOptions {
  readonly name: string;
  readonly report: (text: string) => void;
}

/**
 * Ends a lab and removes everything of it, whatever state it is in; a lab that is not there is no error.
 * Waits for a `lab up` of the same lab that is still running.
 * @throws {HostError} when something cannot be removed.
 */
export async function labDown({ name, report }: LabDownOptions): Promise<void> {
  labName(name);
  if (!isRoot()) return asHelper(['down', name], report);
  const there = await withLabLock(name, report, () => teardown(name));
  await removeUnfinishedImages();
  report(there ? `The lab ${name} is gone` : `There is no lab ${name}`);
}

/** Runs `work` while nobody else sets up or takes away this lab. */
export async function withLabLock<Result>(
  name: string,
  report: (text: string) => void,
  work: () => Promise<Result>,
): Promise<Result> {
  await mkdir(LABS, { recursive: true });
  const waiting = () => report(`Another hostwright is busy with the lab ${name}; waiting for it`);
  return withLock(join(LABS, `.${labName(name)}.lock`), waiting, work);
}

/** True when there is anything of this lab. */
export async function hasRemains(name: string): Promise<boolean> {
  if (existsSync(labFolder(name)) || groups(name).some((group) => existsSync(group))) return true;
  return (await namespaces(name)).length > 0;
}

/** Removes what there is of a lab. Call it under the lab's lock. False when there was nothing. */
export async function teardown(name: string): Promise<boolean> {
  if (!(await hasRemains(name))) return false;
  const locks = await nspawnLocks(name);
  await endProcesses(name);
  await unmount(labFolder(name));
  for (const namespace of await namespaces(name)) {
    await must(`Removing the namespace ${namespace}`, ['ip', 'netns', 'delete', namespace]);
  }
  await removeNspawnRemains(name, locks);
  await removeFolder(labFolder(name));
  return true;
}

/** Milliseconds. */
const GENTLE = 3_000;
const LAST = 10_000;

/**
 * The machines' first processes first: nspawn then tidies up after them, and its keeper ends with it. What is left
 * after that is killed, until nothing is left.
 */
async function endProcesses(name: string): Promise<void> {
  for (const part of ['packages', 'wires']) kill(members(name, part));
  const patience = Date.now() + GENTLE;
  while (members(name).length > 0 && Date.now() < patience) {
    // Again and again: a machine may be just about to start.
    kill(NODES.flatMap((node) => leader(name, node) ?? []));
    await pause(10);
  }
  const deadline = Date.now() + LAST;
  while (!removeGroups(name)) {
    if (Date.now() > deadline) {
      throw new HostError(`Processes of the lab ${name} do not end: ${members(name).join(', ')}`, {
        hint: 'Look at them with: ps -fp PID',
      });
    }
    kill(members(name));
    await pause(10);
  }
}

function kill(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

/** Mounts below a folder, the innermost first. Machines mount where only they see it, so there should be none. */
function mountsBelow(folder: string): string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  return points.filter((point) => point.startsWith(`${folder}/`)).reverse();
}

async function unmount(folder: string): Promise<void> {
  for (const point of mountsBelow(folder)) await must(`Unmounting ${point}`, ['umount', point]);
}

async function namespaces(name: string): Promise<string[]> {
  const wanted: string[] = ([...NODES, SWITCH] as const).map((node) => machineName(name, node));
  const present = await readdir('/run/netns').catch(() => []);
  return present.filter((entry) => wanted.includes(entry));
}

/** What nspawn calls its lock files; the keepers wrote it down. */
async function nspawnLocks(name: string): Promise<string[]> {
  return NODES.flatMap((node) => {
    const file = lockNameFile(layerFolders(nodeFolder(name, node)).root);
    return existsSync(file) ? [readFileSync(file, 'utf8').trim()] : [];
  });
}

/** nspawn leaves these where it was killed. */
async function removeNspawnRemains(name: string, locks: readonly string[]): Promise<void> {
  for (const node of NODES) {
    const machine = machineName(name, node);
    const exported = join('/run/systemd/nspawn/unix-export', machine);
    if (existsSync(exported)) await run(['umount', exported]);
    for (const folder of [exported, join('/run/systemd/nspawn/propagate', machine)]) {
      await rm(folder, { recursive: true, force: true });
    }
  }
  for (const lock of locks) {
    if (/^inode-\d+:\d+$/.test(lock)) await rm(join('/run/systemd/nspawn/locks', lock), { force: true });
  }
}

/** Never through a mount: what is mounted below would be emptied too. */
async function removeFolder(folder: string): Promise<void> {
  const mounts = mountsBelow(folder);
  if (mounts.length > 0) throw new HostError(`${mounts.join(', ')} is still mounted, so it is left alone`);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
