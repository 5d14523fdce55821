/**
 * Every process of a lab lives in control groups that carry the lab's name. Membership is inherited and ends with
 * the process, so what belongs to a lab is known without records, also after a crash, and a reused pid cannot be
 * mistaken for one of ours.
 */
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HostError } from '../errors.ts';
import { labName } from './places.ts';

const OURS = 'hostwright-lab';

/** Where the hierarchies that systemd uses are mounted: the unified one, systemd's own legacy one, or both. */
export function hierarchies(mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): string[] {
  const found: string[] = [];
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [type, , options = ''] = after.split(' ');
    const path = before.split(' ')[4];
    const wanted = type === 'cgroup2' || (type === 'cgroup' && options.split(',').includes('name=systemd'));
    if (wanted && path !== undefined && !found.includes(path)) found.push(path);
  }
  return found;
}

/** The groups of a lab, or of one part of it: one folder a hierarchy. */
export function groups(name: string, part?: string): string[] {
  return hierarchies().map((root) => join(root, OURS, labName(name), part ?? ''));
}

/**
 * Makes the groups for one part of a lab, with every controller that can be had passed on to it.
 * @throws {HostError} where control groups cannot be written.
 */
export function makeGroups(name: string, part: string): string[] {
  const roots = hierarchies();
  if (roots.length === 0) throw new HostError('No control group hierarchy is mounted on this computer');
  for (const root of roots) {
    let path = root;
    for (const step of [OURS, labName(name), part]) {
      path = join(path, step);
      try {
        mkdirSync(path, { recursive: true });
      } catch (cause) {
        throw new HostError(`The control group ${path} could not be made`, {
          hint: 'The lab needs a writable /sys/fs/cgroup. In a container, run it with --privileged.',
          cause,
        });
      }
      passOnControllers(path);
    }
  }
  return groups(name, part);
}

/** All processes of a lab, or of one part of it. */
export function members(name: string, part?: string): number[] {
  const pids = groups(name, part).flatMap(pidsBelow);
  return [...new Set(pids)];
}

/** The process in a group that is PID 1 of a machine: the first one of a pid namespace just below ours. */
export function leader(name: string, part: string): number | undefined {
  return members(name, part).find(isFirst);
}

/** Removes the emptied groups of a lab. False while one of them still has processes. */
export function removeGroups(name: string): boolean {
  const gone = groups(name).map(removeTree).every(Boolean);
  // The common parent goes with the last lab.
  for (const root of hierarchies()) removeFolder(join(root, OURS));
  return gone;
}

function pidsBelow(folder: string): number[] {
  const own = read(join(folder, 'cgroup.procs')).split('\n').filter(Boolean).map(Number);
  return [...own, ...folders(folder).flatMap(pidsBelow)];
}

/** Its pids from this namespace inwards are two, and the inner one is 1; a machine within the machine has three. */
function isFirst(pid: number): boolean {
  const pids = /^NSpid:\s+(.*)$/m.exec(read(`/proc/${pid}/status`))?.[1]?.split(/\s+/) ?? [];
  return pids.length === 2 && pids[1] === '1';
}

function removeTree(folder: string): boolean {
  for (const child of folders(folder)) removeTree(child);
  return removeFolder(folder);
}

function removeFolder(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function folders(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** One by one: a controller that the parent does not have must not hinder the others. */
function passOnControllers(folder: string): void {
  for (const controller of read(join(folder, 'cgroup.controllers')).split(/\s+/).filter(Boolean)) {
    try {
      writeFileSync(join(folder, 'cgroup.subtree_control'), `+${controller}`);
    } catch {
      // The machine then runs without that controller.
    }
  }
}
