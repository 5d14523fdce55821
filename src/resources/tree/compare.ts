import type { Folder, FolderFile } from '../../host/folder.ts';

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
  readonly fix: readonly {
    readonly path: string;
    readonly executable: boolean;
    readonly found: string;
    readonly wanted: string;
  }[];
  /** Not ours and not in the source: left alone. */
  readonly kept: readonly string[];
  /** Would be overwritten but was there before hostwright. */
  readonly foreign: readonly string[];
  /** Would be overwritten but was edited on the host since. */
  readonly edited: readonly string[];
}

interface Wanted {
  readonly folder: Folder;
  readonly owner: string;
  readonly group: string;
  readonly fileMode: string;
}

/** Compares a local folder with its copy on the host. Pure. */
export function compareTree(
  { folder, owner, group, fileMode }: Wanted,
  { entries, placed }: TreeState,
): TreeComparison {
  const upload: FolderFile[] = [];
  const fix: TreeComparison['fix'][number][] = [];
  const foreign: string[] = [];
  const edited: string[] = [];
  const wantedPaths = new Set(folder.files.map(({ path }) => path));
  for (const file of folder.files) {
    const entry = entries.get(file.path);
    if (entry?.type === 'f' && entry.sha256 === file.sha256) {
      const wanted = `${file.executable ? '0755' : fileMode} ${owner}:${group}`;
      const found = `${entry.mode} ${entry.owner}:${entry.group}`;
      if (wanted !== found) fix.push({ path: file.path, executable: file.executable, found, wanted });
      continue;
    }
    upload.push(file);
    if (!entry) continue;
    const ours = placed.get(file.path);
    if (!ours) foreign.push(file.path);
    else if (!ours.has(entry.sha256)) edited.push(file.path);
  }
  const remove: string[] = [];
  const kept: string[] = [];
  for (const [path, entry] of entries) {
    if (entry.type === 'd' || wantedPaths.has(path)) continue;
    // A file of ours whose source is gone is removed only while it still is what we wrote.
    if (placed.get(path)?.has(entry.sha256)) remove.push(path);
    else kept.push(path);
  }
  return { upload, remove: remove.sort(), fix, kept: kept.sort(), foreign, edited };
}
