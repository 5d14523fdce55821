/** One file of a local folder that will be uploaded. */
export interface FolderFile {
  /** Path below the folder, with `/`; never starts with `/` and has no `..`. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Hex SHA-256 of the content. */
  readonly sha256: string;
  readonly executable: boolean;
}

/** A local folder as it was scanned before planning. */
export interface Folder {
  /** Absolute path on the machine that runs hostwright. */
  readonly path: string;
  /** Sorted by path. */
  readonly files: readonly FolderFile[];
  /** What was left out (sockets, links that leave the folder), each with its reason. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}
