import type { Folder, FolderFile } from '../../host/folder.ts';
import type { Choice } from '../kind.ts';

/** One thing found below the root of an uploaded folder. */
export interface TreeEntry {
  /** Letter of find(1)'s `%y`: `f` file, `d` directory, `l` link. */
  readonly type: string;
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  /** Empty for what is not a file. */
  readonly sha256: string;
}

export interface TreeState {
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** What hostwright placed, with the content it had then (two of them after an interrupted run). */
  readonly placed: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What it takes to bring the host's copy to the source's state. Paths are below the root. */
export interface TreeComparison {
  readonly upload: readonly FolderFile[];
  readonly remove: readonly string[];
  /** Those of `remove` that have to go first: a file where a folder comes, or what is in a folder where a file comes. */
  readonly inTheWay: readonly string[];
  /** What stands in the way as well and is not ours: nothing can be done until a person has moved it. */
  readonly obstacles: readonly string[];
  readonly fix: readonly {
    readonly path: string;
    readonly executable: boolean;
    readonly found: string;
    readonly wanted: string;
  }[];
  /** Not ours and not in the source: left alone. */
  readonly kept: readonly string[];
  /** Would be overwritten, or get another mode or owner, but was there before hostwright. */
  readonly foreign: readonly string[];
  /** Would be overwritten but was edited on the host since, while the source changed as well. */
  readonly edited: readonly string[];
  /** Edited on the host since, and left so: the source did not change, or the user keeps the edit. */
  readonly stays: readonly string[];
  /** Those of `stays` that the user keeps although the source has something newer: settled from now on. */
  readonly settled: readonly string[];
}

interface Wanted {
  readonly folder: Folder;
  readonly owner: string;
  readonly group: string;
  readonly fileMode: string;
}

/** Compares a local folder with its copy on the host, and with what was placed there last. Pure. */
export function compareTree(
  { folder, owner, group, fileMode }: Wanted,
  { entries, placed }: TreeState,
  choice?: Choice,
): TreeComparison {
  const upload: FolderFile[] = [];
  const fix: TreeComparison['fix'][number][] = [];
  const foreign: string[] = [];
  const edited: string[] = [];
  const stays: string[] = [];
  const settled: string[] = [];
  const inTheWay = new Set<string>();
  const obstacles = new Set<string>();
  const isOurs = (path: string): boolean => placed.get(path)?.has(entries.get(path)?.sha256 ?? '') ?? false;
  const wantedPaths = new Set(folder.files.map(({ path }) => path));
  for (const file of folder.files) {
    const entry = entries.get(file.path);
    if (entry?.type === 'f' && entry.sha256 === file.sha256) {
      const wanted = `${file.executable ? '0755' : fileMode} ${owner}:${group}`;
      const found = `${entry.mode} ${entry.owner}:${entry.group}`;
      if (wanted === found) continue;
      fix.push({ path: file.path, executable: file.executable, found, wanted });
      if (!placed.has(file.path)) foreign.push(file.path);
      continue;
    }
    const sums = placed.get(file.path);
    const byHand = entry !== undefined && entry.type !== 'd' && sums !== undefined && !isOurs(file.path);
    if (byHand && choice !== 'take') {
      // After an interrupted run nobody knows which of two contents was edited.
      const isUnchanged = sums.size === 1 && sums.has(file.sha256);
      if (isUnchanged || choice === 'keep') {
        stays.push(file.path);
        if (!isUnchanged) settled.push(file.path);
        continue;
      }
      edited.push(file.path);
    }
    upload.push(file);
    for (const above of foldersOf(file.path)) {
      const type = entries.get(above)?.type;
      if (type !== undefined && type !== 'd') (isOurs(above) ? inTheWay : obstacles).add(above);
    }
    if (!entry) continue;
    if (entry.type === 'd') {
      const content = [...entries].filter(([path]) => path.startsWith(`${file.path}/`));
      const files = content.filter(([, { type }]) => type !== 'd').map(([path]) => path);
      if (files.every(isOurs)) for (const path of files) inTheWay.add(path);
      else obstacles.add(file.path);
      if (files.length === 0) foreign.push(file.path);
      continue;
    }
    if (!sums) foreign.push(file.path);
  }
  const remove: string[] = [];
  const kept: string[] = [];
  for (const [path, entry] of entries) {
    if (entry.type === 'd' || wantedPaths.has(path)) continue;
    // A file of ours whose source is gone is removed only while it still is what we wrote.
    if (isOurs(path)) remove.push(path);
    else kept.push(path);
  }
  return {
    upload,
    remove: remove.sort(),
    inTheWay: [...inTheWay].sort(),
    obstacles: [...obstacles].sort(),
    fix,
    kept: kept.sort(),
    foreign,
    edited,
    stays,
    settled,
  };
}

/** The folders that a path leads through, outermost first. */
export function foldersOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, depth) => parts.slice(0, depth + 1).join('/'));
}
