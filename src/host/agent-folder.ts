import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import type { Folder } from './folder.ts';
import { hashFolder, listFolder } from './folder-scan.ts';

/** The agent as it was built, for hosts that need one: some files of a few hundred kilobytes together. */
export async function agentFolder(): Promise<Folder> {
  const { folder, complaints } = await hashFolder(await listFolder(join(packageRoot(), 'dist', 'agent')));
  const [complaint] = complaints;
  if (complaint)
    throw new Error(`The agent of hostwright cannot be read; install hostwright again: ${complaint.message}`);
  return folder;
}
