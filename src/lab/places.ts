/**
 * Where the lab keeps things on this computer. Everything of one lab lies in one folder, in namespaces and cgroups
 * that carry its name, so that it can be taken away completely without a record of what was made.
 */
import { join } from 'node:path';
import { UserError } from '../errors.ts';

/** The machines of a lab. */
export const NODES = ['box', 'laptop', 'phone', 'router', 'internet'] as const;
export type NodeName = (typeof NODES)[number];

/** The switch between the machines of the LAN: a namespace of its own, which holds only a bridge. */
export const SWITCH = 'lan';

/** Debian releases that the box can run. */
export const RELEASES = ['bookworm', 'trixie'] as const;
export type Release = (typeof RELEASES)[number];

/** One folder a lab: root file systems, keys, the state file. Root's, but readable, since a user's ssh reads the key. */
export const LABS = '/var/lib/hostwright/lab';
/** Base images, shared by all labs. */
export const IMAGES = '/var/cache/hostwright/lab';
/** Debian packages that were fetched, shared by all labs. */
export const PACKAGES = '/var/cache/hostwright/packages';

/**
 * A lab's name as it may appear in paths, machine names and namespaces.
 * @throws {UserError} when it could not.
 */
export function labName(name: string): string {
  if (/^[a-z][a-z0-9-]{0,23}$/.test(name)) return name;
  throw new UserError({
    message: `"${name}" cannot be the name of a lab`,
    hint: 'Use up to 24 lower-case letters, digits and hyphens, a letter first: --lab garden',
  });
}

export const isRelease = (text: string): text is Release => RELEASES.some((release) => release === text);
export const isNode = (name: string): name is NodeName => NODES.some((node) => node === name);

export const labFolder = (name: string): string => join(LABS, labName(name));
export const nodeFolder = (name: string, node: NodeName): string => join(labFolder(name), node);
export const stateFile = (name: string): string => join(labFolder(name), 'state.json');

/** The machine's name for nspawn, and the name of its network namespace. */
export const machineName = (name: string, node: NodeName | typeof SWITCH): string =>
  `hw-${labName(name)}-${node}`;
export const netnsPath = (name: string, node: NodeName | typeof SWITCH): string =>
  join('/run/netns', machineName(name, node));
