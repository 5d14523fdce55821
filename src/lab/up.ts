/** Bringing a lab up. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InterruptedError, UserError } from '../errors.ts';
import { waitForAcme } from './acme.ts';
import { readScript, runOnBox } from './before.ts';
import { waitForBoot, waitForSsh } from './box.ts';
import { ensureImage } from './build-image.ts';
import { leader } from './cgroup.ts';
import { describe } from './describe.ts';
import { demandPackages } from './doctor.ts';
import { teardown, withLabLock } from './down.ts';
import { boxImage, peerImage } from './images.ts';
import { makeKeys, WITH_SSH } from './keys.ts';
import { startMachine } from './machine.ts';
import { box } from './nodes/box.ts';
import { internet } from './nodes/internet.ts';
import { lanPeer, lanResolver } from './nodes/peer.ts';
import { router } from './nodes/router.ts';
import { openPinhole } from './packages/pinhole.ts';
import { labFolder, labName, NODES, type Release } from './places.ts';
import { asHelper, isRoot } from './root.ts';
import { SCENARIOS, type ScenarioName } from './scenarios.ts';
import { type LabState, readLab, writeState } from './state.ts';
import { layWires } from './wires.ts';

export interface LabUpOptions {
  readonly name: string;
  /** The Debian release of the box. */
  readonly release: Release;
  /** Trouble with the network; an ordinary home by default. */
  readonly scenario?: ScenarioName;
  /** Told what is being done, one line at a time. */
  readonly report: (text: string) => void;
  /** A script to run on the box as root once it is up: a machine that already has things on it. */
  readonly before?: string;
  /** Stops at the next step, and takes away what there is. */
  readonly signal?: AbortSignal;
}

/**
 * Brings a lab up, or takes the one that runs if it has the same release. What is left of a broken one is cleaned
 * away first.
 * @throws {UserError} when packages are missing, or a lab with another release runs under this name.
 * @throws {HostError} when it does not come up; nothing of it is left then.
 */
export async function labUp(options: LabUpOptions): Promise<LabState> {
  const { name, release, scenario = '', report, before } = options;
  labName(name);
  demandPackages();
  if (!isRoot()) {
    await asHelper(
      ['up', name, release, scenario, ...(before === undefined ? [] : [before])],
      report,
      options.signal,
    );
    return readLab(name);
  }
  const script = before === undefined ? undefined : await readScript(before);
  return withLabLock(name, report, async () => {
    const state = (await running(options)) ?? (await bringUp(options));
    if (script !== undefined) {
      report(`Running ${before} on the box`);
      await runOnBox(name, script);
    }
    return state;
  });
}

/** The lab that runs already, if it can serve; else what is left of it is cleaned away. */
async function running({ name, release, scenario, report }: LabUpOptions): Promise<LabState | undefined> {
  const state = await readLab(name).catch(() => undefined);
  if (state && NODES.every((node) => leader(name, node) !== undefined)) {
    if (state.release !== release) throw otherRelease(state, release);
    if (state.scenario !== scenario) throw otherScenario(state);
    report(`The lab ${name} is already running`);
    return state;
  }
  if (await teardown(name)) report(`Cleaned up what was left of the lab ${name}`);
  return undefined;
}

async function bringUp(options: LabUpOptions): Promise<LabState> {
  try {
    await buildImages(options);
    return await start(options);
  } catch (error) {
    await teardown(options.name);
    if (options.signal?.aborted) throw new InterruptedError('Stopped; nothing of the lab is left');
    throw error;
  }
}

/** When one fails, the other is not left running alone. */
async function buildImages({ release, report, signal }: LabUpOptions): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([failed.signal, ...(signal ? [signal] : [])]);
  const builds = [boxImage(release), peerImage()].map((image) => ensureImage(image, report, either));
  try {
    await Promise.all(builds);
  } finally {
    failed.abort();
    await Promise.allSettled(builds);
  }
}

async function start({ name, release, scenario, report, signal }: LabUpOptions): Promise<LabState> {
  signal?.throwIfAborted();
  const played = scenario === undefined ? undefined : SCENARIOS[scenario];
  const trouble = played === undefined ? '' : `; ${played.summary}`;
  report(`Starting the lab ${name}: box (Debian ${release}), laptop, phone, router, internet${trouble}`);
  await mkdir(labFolder(name), { recursive: true });
  await writeFile(join(labFolder(name), 'resolv.conf'), lanResolver());
  const [keys] = await Promise.all([makeKeys(name), layWires(name)]);
  await Promise.all([
    startMachine(name, router(played?.protocols)),
    startMachine(name, box(release, keys.publicKey, keys.hostKeys.box)),
    startMachine(name, internet(keys.publicKey, keys.hostKeys.internet)),
    ...(['laptop', 'phone'] as const).map((node) =>
      startMachine(name, lanPeer(node, keys.publicKey, keys.hostKeys[node])),
    ),
    openPinhole(name),
  ]);
  signal?.throwIfAborted();
  const [acme] = await Promise.all([
    waitForAcme(name),
    waitForBoot(name),
    ...WITH_SSH.filter((node) => node !== 'box').map((node) => waitForSsh(name, node)),
  ]);
  await played?.prepare?.(name);
  const state = describe({ name, release, ...(scenario === undefined ? {} : { scenario }) }, keys, acme);
  await writeState(state);
  return state;
}

function otherRelease({ name, release }: LabState, wanted: Release): UserError {
  return new UserError({
    message: `The lab ${name} is running Debian ${release}, not ${wanted}`,
    hint: `End it first with: hostwright lab down --lab ${name}\nOr start a second one: hostwright lab up --release ${wanted} --lab ${wanted}`,
  });
}

function otherScenario({ name, scenario }: LabState): UserError {
  const plays = scenario === undefined ? 'an ordinary home network' : `the scenario ${scenario}`;
  return new UserError({
    message: `The lab ${name} is running already, with ${plays}`,
    hint: `End it first with: hostwright lab down --lab ${name}\nOr start a second one with another name after --lab`,
  });
}
