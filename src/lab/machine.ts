/** Starting a machine of the lab. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeGroups } from './cgroup.ts';
import { imageFolder } from './images.ts';
import { keeperScript } from './keeper.ts';
import { layerFolders, layFiles } from './layer.ts';
import type { Node } from './nodes/node.ts';
import { labFolder, machineName, type NodeName, nodeFolder } from './places.ts';
import { renewNetwork } from './wires.ts';

/** A machine has a folder, and so has every other part that has a keeper. */
const partFolder = (lab: string, part: string): string => join(labFolder(lab), part);

/** What a machine printed while booting, and what its keeper said. */
export const consoleFile = (name: string, node: string): string =>
  join(partFolder(name, node), 'console.log');
export const powerCutFile = (name: string, node: NodeName): string =>
  join(nodeFolder(name, node), 'power-cut');

/** Makes a machine's layer and starts it; does not wait until it is up. Its image has to be there. */
export async function startMachine(lab: string, node: Node): Promise<void> {
  const folder = nodeFolder(lab, node.name);
  const folders = layerFolders(folder);
  // Shadow files and host keys lie below.
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const path of Object.values(folders)) await mkdir(path, { recursive: true });
  const image = imageFolder(node.image);
  await layFiles(image, folders.upper, { ...node.files, ...startFile(node) });
  const script = keeperScript({
    ...folders,
    image,
    machine: machineName(lab, node.name),
    hostname: node.name,
    groups: makeKeptGroups(lab, node.name),
    argv: node.start === undefined ? [] : ['/bin/sh', START],
    powerCut: powerCutFile(lab, node.name),
    renew: renewNetwork(lab, node.name),
  });
  await startKeeper(lab, node.name, script.text);
}

const START = '/etc/lab/start';

function startFile({ start }: Node): Node['files'] {
  return start === undefined ? {} : { [START]: { text: `set -eu\n${start}wait\n` } };
}

/** The groups of a part that has a keeper: one for the keeper, and beside it what the keeper makes. */
export function makeKeptGroups(lab: string, part: string): readonly string[] {
  const groups = makeGroups(lab, part);
  makeGroups(lab, join(part, 'keeper'));
  return groups;
}

/** Starts a keeper as a process that outlives us. Its script puts itself into its control group first. */
export async function startKeeper(lab: string, part: string, script: string): Promise<void> {
  const file = join(partFolder(lab, part), 'keeper.sh');
  await writeFile(file, script);
  const log = openSync(consoleFile(lab, part), 'a');
  const child = spawn('sh', [file], { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.unref();
}
