/** What is known of a running lab. The state file is the last thing `lab up` writes: where it is, the lab is complete. */
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { leader } from './cgroup.ts';
import { type NodeName, type Release, stateFile } from './places.ts';
import type { ScenarioName } from './scenarios.ts';

/** How to log in to a machine of the lab, from another machine of it. */
export interface LabSsh {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  readonly identityFile: string;
}

export interface LabNode {
  readonly name: NodeName;
  /** The box's first address is its IPv4 address on the LAN. */
  readonly addresses: readonly string[];
  readonly ssh?: LabSsh;
}

/** The lab's own certificate authority, which issues by ACME (RFC 8555). */
export interface LabAcme {
  /** URL of its directory. */
  readonly directory: string;
  /** PEM: the roots that its own server and the certificates it issues are trusted by. */
  readonly root: string;
}

export interface LabState {
  readonly v: 1;
  readonly name: string;
  readonly release: Release;
  /** The trouble with the network that is played; absent: an ordinary home. */
  readonly scenario?: ScenarioName;
  readonly nodes: readonly LabNode[];
  /** Host keys of every machine with sshd, under all its addresses. */
  readonly knownHostsFile: string;
  /** Path of each machine's network namespace. */
  readonly namespaces: Readonly<Record<NodeName, string>>;
  /** Accounts on the box. All but the ones that have only a password take the lab's key. */
  readonly users: Readonly<Record<string, { readonly password?: string }>>;
  /** A public name that the lab's public DNS points at the router. */
  readonly domain: string;
  /** Absent in labs of an older hostwright. */
  readonly acme?: LabAcme;
}

/**
 * Reads the state of a lab that runs.
 * @throws {UserError} when it does not.
 */
export async function readLab(name: string): Promise<LabState> {
  const text = await readFile(stateFile(name), 'utf8').catch(() => undefined);
  const state = text === undefined ? undefined : (JSON.parse(text) as LabState);
  // After a restart of the computer the file is still there, but nothing it speaks of.
  // Asked of a machine that is never restarted.
  if (state && existsSync(state.namespaces.laptop) && leader(name, 'laptop') !== undefined) return state;
  const option = name === 'default' ? '' : ` --lab ${name}`;
  throw new UserError({
    message: `No lab${name === 'default' ? '' : ` named ${name}`} is running. Start one with: hostwright lab up${option}`,
  });
}

export async function writeState(state: LabState): Promise<void> {
  const file = stateFile(state.name);
  await writeFile(`${file}.new`, `${JSON.stringify(state, undefined, 2)}\n`);
  await rename(`${file}.new`, file);
}
