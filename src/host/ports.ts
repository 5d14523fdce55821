import { type Collision, collisions } from '../compose/collide.ts';
import { inputMeta } from '../compose/input-meta.ts';
import { portText } from '../compose/port-range.ts';
import type { SourcePosition } from '../errors.ts';
import type { Folder } from './folder.ts';
import type { NamedFolder } from './folders.ts';
import type { Role } from './host.ts';
import type { Finding } from './issues.ts';

/** Ports that two endpoints of the host want and cannot share, told at the second and naming the first. */
export function portProblems(
  roles: readonly Role[],
  host: string,
  folders: readonly NamedFolder[],
): readonly Finding[] {
  const folder = (path: string): Folder => unread(path, folders);
  const serving = roles.map(({ name: role, input, expose, definition }) => ({
    name: role,
    endpoints: definition.endpoints?.({ role, host, input, expose, folder }) ?? [],
  }));
  return collisions(serving).map((collision) => toFinding(collision, roles));
}

function toFinding({ first, second, common }: Collision, roles: readonly Role[]): Finding {
  const { port, protocol } = second.endpoint;
  const number = portText(second.endpoint);
  const there = portPlace(roles, first.role, first.endpoint.port);
  const same = first.role === second.role;
  const place = there ? [there.file, there.line, there.column].filter(Boolean).join(':') : '';
  const by = same ? 'this very role' : `roles.${first.role} (${place})`;
  return {
    ...withPlace(portPlace(roles, second.role, port)),
    message:
      common === undefined
        ? `roles.${second.role}: port ${number} (${protocol}) is already taken by ${by}`
        : `roles.${second.role}: on port ${number} (${protocol}), ${common} already goes to ${by}`,
    hint: `Give one of the two another port${common === undefined ? '' : ', or a domain of its own'}.`,
  };
}

/** Where the role says the port; where it doesn't, the role. */
function portPlace(roles: readonly Role[], name: string, port: number): SourcePosition | undefined {
  const role = roles.find((candidate) => candidate.name === name);
  const key = Object.entries(role?.definition.inputs.shape ?? {}).find(
    ([input, schema]) => inputMeta(schema).input === 'port' && role?.input[input] === port,
  )?.[0];
  return key === undefined ? role?.at() : role?.at(key);
}

const withPlace = (at: SourcePosition | undefined) => (at ? { at } : {});

/** What a folder holds, without hashes: whether ports collide does not depend on them. */
function unread(path: string, folders: readonly NamedFolder[]): Folder {
  const listing = folders.find(({ name }) => name === path)?.listing;
  if (!listing) return { path, files: [], skipped: [] };
  const files = listing.files.map((file) => ({ ...file, sha256: '' }));
  return { path: listing.path, files, skipped: listing.skipped };
}
