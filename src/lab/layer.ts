/** A machine's own layer over its base image: the one folder that holds everything it writes. */
import { chmod, chown, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { NodeFile } from './nodes/node.ts';

/** The folders of a machine within its place in the lab's folder. */
export const layerFolders = (nodeFolder: string) => ({
  /** Everything that the machine wrote: overlayfs' upper directory. */
  upper: join(nodeFolder, 'upper'),
  work: join(nodeFolder, 'work'),
  /** Where the merged root is mounted, seen by the machine's own processes only. */
  root: join(nodeFolder, 'root'),
});

/** Lays files into a layer before the machine starts. */
export async function layFiles(
  image: string,
  upper: string,
  files: Readonly<Record<string, NodeFile>>,
): Promise<void> {
  for (const [path, { text, mode = 0o644, uid = 0 }] of Object.entries(files)) {
    await makeFolder(image, upper, dirname(path), uid);
    await writeFile(join(upper, path), text);
    await chmod(join(upper, path), mode);
    await chown(join(upper, path), uid, uid);
  }
}

/** In an overlay the upper folder's owner and mode are what counts, so they are taken from the image. */
async function makeFolder(image: string, upper: string, path: string, uid: number): Promise<void> {
  if (path === '/') return;
  const target = join(upper, path);
  if (await stat(target).catch(() => undefined)) return;
  await makeFolder(image, upper, dirname(path), uid);
  const below = await stat(join(image, path)).catch(() => undefined);
  await mkdir(target);
  await chmod(target, below?.mode ?? (path.endsWith('/.ssh') ? 0o700 : 0o755));
  await chown(target, below?.uid ?? uid, below?.gid ?? uid);
}
