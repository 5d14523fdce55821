/** The lab's own keys: one to log in with, and host keys, so that connections verify them as they do in earnest. */
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ADDRESSES } from './network.ts';
import type { NodeFile } from './nodes/node.ts';
import { labFolder, type NodeName } from './places.ts';
import { caller } from './root.ts';
import { must } from './run.ts';

/** Machines that run sshd. */
export const WITH_SSH = ['box', 'laptop', 'phone', 'internet'] as const satisfies readonly NodeName[];

export interface HostKey {
  /** File name in /etc/ssh. */
  readonly file: string;
  readonly privateKey: string;
  readonly publicKey: string;
}

const KEY_TYPES = ['ed25519', 'ecdsa'] as const;

export interface LabKeys {
  readonly identityFile: string;
  /** The line for authorized_keys. */
  readonly publicKey: string;
  readonly knownHostsFile: string;
  readonly hostKeys: Readonly<Record<(typeof WITH_SSH)[number], readonly HostKey[]>>;
}

export async function makeKeys(name: string): Promise<LabKeys> {
  const folder = join(labFolder(name), 'keys');
  await mkdir(folder, { recursive: true });
  const identityFile = join(folder, 'id_ed25519');
  const [own, ...keys] = await Promise.all([
    makeKey(identityFile, 'ed25519', `hostwright-lab-${name}`),
    ...WITH_SSH.map((node) => makeHostKeys(folder, node)),
  ]);
  // ssh refuses a private key that others may read, so it belongs to the person who uses it.
  const { uid, gid } = caller();
  await chown(identityFile, uid, gid);
  const [box = [], laptop = [], phone = [], internet = []] = keys;
  const hostKeys = { box, laptop, phone, internet };
  const knownHostsFile = join(folder, 'known_hosts');
  await writeFile(knownHostsFile, knownHosts(hostKeys));
  return { identityFile, publicKey: own.publicKey, knownHostsFile, hostKeys };
}

/** known_hosts(5) text: a line a key, under every address of its machine. */
export function knownHosts(hostKeys: Readonly<Partial<Record<NodeName, readonly HostKey[]>>>): string {
  return WITH_SSH.flatMap((node) =>
    (hostKeys[node] ?? []).map(({ publicKey }) => {
      const [type, key] = publicKey.split(' ');
      return `${ADDRESSES[node].join(',')} ${type} ${key}\n`;
    }),
  ).join('');
}

/** Host keys as files of a machine. */
export function hostKeyFiles(keys: readonly HostKey[]): Record<string, NodeFile> {
  return Object.fromEntries(
    keys.flatMap(({ file, privateKey, publicKey }) => [
      [`/etc/ssh/${file}`, { text: privateKey, mode: 0o600 }],
      [`/etc/ssh/${file}.pub`, { text: `${publicKey}\n` }],
    ]),
  );
}

async function makeHostKeys(folder: string, node: NodeName): Promise<HostKey[]> {
  return Promise.all(
    KEY_TYPES.map(async (type) => ({
      file: `ssh_host_${type}_key`,
      ...(await makeKey(join(folder, `${node}_${type}`), type, `root@${node}`)),
    })),
  );
}

async function makeKey(path: string, type: string, comment: string): Promise<Omit<HostKey, 'file'>> {
  await must('Making an ssh key', ['ssh-keygen', '-q', '-t', type, '-N', '', '-C', comment, '-f', path]);
  const [privateKey, publicKey] = await Promise.all([
    readFile(path, 'utf8'),
    readFile(`${path}.pub`, 'utf8'),
  ]);
  return { privateKey, publicKey: publicKey.trim() };
}
