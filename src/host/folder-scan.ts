import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { type Complaint, show } from '../compose/complaint.ts';
import type { Folder, FolderFile } from './folder.ts';
import { hashFile } from './hash-file.ts';
import { inParallel } from './in-parallel.ts';

/** Files that are read at the same time; each costs a buffer of {@link hashFile}. */
const AT_ONCE = 8;

/** What a folder holds, before any file of it has been read. */
export interface Listing {
  /** Absolute. */
  readonly path: string;
  readonly files: readonly ListedFile[];
  readonly skipped: Folder['skipped'];
  /** Why the folder cannot be uploaded. */
  readonly complaints: readonly Complaint[];
}

export interface ListedFile {
  /** Below the folder, with `/`. */
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
}

/**
 * Lists a folder with everything below it. Links to files inside the folder count as files; other links, sockets and
 * the like are skipped with a reason, and so are git's own folder and what `leaveOut` names (absolute paths).
 * @param path absolute.
 */
export async function listFolder(path: string, leaveOut: ReadonlySet<string> = new Set()): Promise<Listing> {
  const listing = {
    path,
    files: [] as ListedFile[],
    skipped: [] as Folder['skipped'][number][],
    complaints: [] as Complaint[],
  };
  const missing = await notAFolder(path);
  if (missing) return { ...listing, complaints: [missing] };
  const root = await realpath(path);
  const pending = [''];
  for (let below = pending.pop(); below !== undefined; below = pending.pop()) {
    const entries = await readdir(join(path, below), { withFileTypes: true, encoding: 'buffer' }).catch(
      (error: NodeJS.ErrnoException) => {
        listing.complaints.push(unreadable(below || '.', error));
        return [];
      },
    );
    const found = await inParallel(entries, AT_ONCE, (entry) =>
      look(path, root, below ?? '', entry.name, leaveOut),
    );
    for (const item of found) {
      if ('folder' in item) pending.push(item.folder);
      else if ('file' in item) listing.files.push(item.file);
      else if ('reason' in item) listing.skipped.push(item);
      else listing.complaints.push(item);
    }
  }
  listing.files.sort(byPath);
  listing.skipped.sort(byPath);
  return listing;
}

/** Reads every file of a listing once, a few at a time and never wholly in memory. */
export async function hashFolder(
  listing: Listing,
): Promise<{ folder: Folder; complaints: readonly Complaint[] }> {
  const complaints: Complaint[] = [];
  const files = await inParallel(listing.files, AT_ONCE, async (file): Promise<FolderFile> => {
    try {
      return { ...file, ...(await hashFile(join(listing.path, file.path))) };
    } catch (error) {
      complaints.push(unreadable(file.path, error as NodeJS.ErrnoException));
      return { ...file, sha256: '' };
    }
  });
  return { folder: { path: listing.path, files, skipped: listing.skipped }, complaints };
}

type Item = { file: ListedFile } | { folder: string } | { path: string; reason: string } | Complaint;

async function look(
  path: string,
  root: string,
  below: string,
  rawName: Buffer,
  leaveOut: ReadonlySet<string>,
): Promise<Item> {
  const name = rawName.toString('utf8');
  const inside = below === '' ? name : `${below}/${name}`;
  if (!Buffer.from(name).equals(rawName) || /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u.test(name))
    return {
      message: `the name of ${show(inside)} holds a line break, a control character or no UTF-8`,
      hint: 'Rename it.',
    };
  const full = join(path, inside);
  if (leaveOut.has(full)) return { path: inside, reason: 'it belongs to the host file' };
  try {
    const found = await lstat(full);
    if (found.isFile()) return { file: toFile(inside, found) };
    if (found.isDirectory())
      return name === '.git' ? { path: inside, reason: "it is git's own folder" } : { folder: inside };
    if (found.isSymbolicLink()) return await followLink(full, inside, root);
    return { path: inside, reason: 'it is neither a file nor a folder' };
  } catch (error) {
    return unreadable(inside, error as NodeJS.ErrnoException);
  }
}

async function followLink(full: string, inside: string, root: string): Promise<Item> {
  const target = await realpath(full).catch(() => undefined);
  if (target === undefined) return { path: inside, reason: 'it is a link to nothing' };
  const way = relative(root, target);
  if (way === '..' || way.startsWith(`..${sep}`) || resolve(root, way) !== target)
    return { path: inside, reason: 'it is a link that leaves the folder' };
  const found = await stat(target);
  if (found.isFile()) return { file: toFile(inside, found) };
  return {
    path: inside,
    reason: found.isDirectory() ? 'it is a link to a folder' : 'it is a link to no file',
  };
}

async function notAFolder(path: string): Promise<Complaint | undefined> {
  const full = `It would be ${path}. Paths count from the folder of the host file.`;
  try {
    return (await stat(path)).isDirectory() ? undefined : { message: 'this is not a folder', hint: full };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { message: 'there is no such folder', hint: full };
    return { message: `the folder cannot be read: ${message}`, hint: full };
  }
}

function unreadable(path: string, { code, message }: NodeJS.ErrnoException): Complaint {
  return { message: `${show(path)} cannot be read: ${code === 'EACCES' ? 'permission denied' : message}` };
}

function toFile(path: string, { size, mode }: { size: number; mode: number }): ListedFile {
  return { path, size, executable: (mode & 0o111) !== 0 };
}

/** By code units, so that the order is the same everywhere. */
function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
