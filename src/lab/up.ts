/** Bringing a lab up. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { waitForBoot, waitForSsh } from './box.ts';
import { ensureImage } from './build-image.ts';
import { teardown, withLabLock } from './down.ts';
import { boxImage, peerImage } from './images.ts';
import { type LabKeys, makeKeys, WITH_SSH } from './keys.ts';
import { startMachine } from './machine.ts';
import { ADDRESSES, DOMAIN } from './network.ts';
import { box } from './nodes/box.ts';
import { internet } from './nodes/internet.ts';
import { lanPeer, lanResolver } from './nodes/peer.ts';
import { router } from './nodes/router.ts';
import { openPinhole } from './packages/pinhole.ts';
import { labFolder, labName, NODES, type NodeName, netnsPath, type Release } from './places.ts';
import { asHelper, isRoot } from './root.ts';
import { type LabState, readLab, writeState } from './state.ts';
import { USERS } from './users.ts';
import { layWires } from './wires.ts';

export interface LabUpOptions {
  readonly name: string;
  /** The Debian release of the box. */
  readonly release: Release;
  /** Told what is being done, one line at a time. */
  readonly report: (text: string) => void;
  /** A script to run on the box as root once it is up: a machine that already has things on it. */
  readonly before?: string;
}

/**
 * Brings a lab up, or takes the one that runs if it has the same release. What is left of a broken one is cleaned
 * away first.
 * @throws {UserError} when a lab with another release runs under this name.
 * @throws {HostError} when it does not come up; nothing of it is left then.
 */
export async function labUp(options: LabUpOptions): Promise<LabState> {
  const { name, release, report, before } = options;
  labName(name);
  if (!isRoot()) {
    await asHelper(['up', name, release, ...(before === undefined ? [] : [before])], report);
    return readLab(name);
  }
  return withLabLock(name, report, async () => {
    const running = await readLab(name).catch(() => undefined);
    if (running?.release === release) {
      report(`The lab ${name} is already running`);
      return running;
    }
    if (running) throw otherRelease(running, release);
    if (await teardown(name)) report(`Cleaned up what was left of the lab ${name}`);
    return bringUp(options);
  });
}

async function bringUp({ name, release, report }: LabUpOptions): Promise<LabState> {
  await Promise.all([ensureImage(boxImage(release), report), ensureImage(peerImage(), report)]);
  report(`Starting the lab ${name}: box (Debian ${release}), laptop, phone, router, internet`);
  await mkdir(labFolder(name), { recursive: true });
  const [keys] = await Promise.all([makeKeys(name), layWires(name)]);
  await Promise.all([
    startMachine(name, router()),
    startMachine(name, box(release, keys.publicKey, keys.hostKeys.box)),
    startMachine(name, internet(keys.publicKey, keys.hostKeys.internet)),
    ...(['laptop', 'phone'] as const).map((node) =>
      startMachine(name, lanPeer(node, keys.publicKey, keys.hostKeys[node])),
    ),
    openPinhole(name),
  ]);
  await Promise.all([
    waitForBoot(name),
    ...WITH_SSH.filter((node) => node !== 'box').map((node) => waitForSsh(name, node)),
  ]);
  await writeFile(join(labFolder(name), 'resolv.conf'), lanResolver());
  const state = describe(name, release, keys);
  await writeState(state);
  return state;
}

function describe(name: string, release: Release, keys: LabKeys): LabState {
  const { identityFile, knownHostsFile } = keys;
  const withSsh = (node: NodeName): boolean => WITH_SSH.some((one) => one === node);
  return {
    v: 1,
    name,
    release,
    nodes: NODES.map((node) => ({
      name: node,
      addresses: ADDRESSES[node],
      ...(withSsh(node)
        ? { ssh: { user: 'root', host: ADDRESSES[node][0] ?? '', port: 22, identityFile } }
        : {}),
    })),
    knownHostsFile,
    namespaces: Object.fromEntries(NODES.map((node) => [node, netnsPath(name, node)])) as Record<
      NodeName,
      string
    >,
    users: {
      root: {},
      ...Object.fromEntries(
        USERS.map(({ name, password }) => [name, password === undefined ? {} : { password }]),
      ),
    },
    domain: DOMAIN,
  };
}

function otherRelease({ name, release }: LabState, wanted: Release): UserError {
  return new UserError({
    message: `The lab ${name} is running Debian ${release}, not ${wanted}`,
    hint: `End it first with: hostwright lab down --lab ${name}\nOr start a second one: hostwright lab up --release ${wanted} --lab ${wanted}`,
  });
}
