import { resolve } from 'node:path';
import type { Folder } from './folder.ts';
import { folderInputs } from './folder-inputs.ts';
import { hashFolder, type Listing, listFolder } from './folder-scan.ts';
import { type Finding, label } from './issues.ts';
import type { RoleInputs } from './roles.ts';

/** A folder named in the host file, listed but not read. */
export interface NamedFolder {
  /** As it is written. */
  readonly name: string;
  readonly listing: Listing;
  readonly role: RoleInputs;
  /** Path of the input below the role. */
  readonly path: readonly (string | number)[];
}

/** Lists every folder that the roles' inputs name, each once. */
export async function listFolders(
  roles: readonly RoleInputs[],
  directory: string,
  leaveOut: ReadonlySet<string>,
): Promise<{ folders: readonly NamedFolder[]; problems: readonly Finding[] }> {
  const folders: NamedFolder[] = [];
  const problems: Finding[] = [];
  for (const role of roles) {
    for (const { path, folder: name } of folderInputs(role.definition.inputs, role.input)) {
      const known = folders.find((folder) => folder.name === name)?.listing;
      const listing = known ?? (await listFolder(resolve(directory, name), leaveOut));
      const folder = { name, listing, role, path };
      if (!known || listing.complaints.length > 0) problems.push(...toFindings(folder, listing.complaints));
      if (!known) folders.push(folder);
    }
  }
  return { folders, problems };
}

/** Reads the files of the folders, for their hashes. */
export async function hashFolders(
  named: readonly NamedFolder[],
): Promise<{ folders: ReadonlyMap<string, Folder>; problems: readonly Finding[] }> {
  const folders = new Map<string, Folder>();
  const problems: Finding[] = [];
  for (const one of named) {
    const { folder, complaints } = await hashFolder(one.listing);
    folders.set(one.name, folder);
    problems.push(...toFindings(one, complaints));
  }
  return { folders, problems };
}

function toFindings({ name, role, path }: NamedFolder, complaints: Listing['complaints']): Finding[] {
  const where = `${label(['roles', role.name, ...path])}: ${name}`;
  return complaints.map(({ message, hint }) => ({
    at: role.at(...path),
    message: `${where}: ${message}`,
    ...(hint && { hint }),
  }));
}
