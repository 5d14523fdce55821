/** One disturbed run: the next apply has to converge, and rollback has to bring back what was before. */

import { AGENT } from '../../src/agent/places.ts';
import { differences, type Manifest } from '../../src/rehearse/manifest.ts';
import { hostwright, start, summaryOf } from '../lab/support/hostwright.ts';
import { manifestOf } from '../lab/support/manifest.ts';
import { restoreSnapshot, takeSnapshot, upToDate } from '../lab/support/snapshot.ts';
import { APPLY, type LabRun, lastOutputs, runsThatChanged, waitFor, watchedApply } from './lab-run.ts';
import type { Point } from './points.ts';
import { killTree, mend, strike } from './strike.ts';

const SNAPSHOT = 'bare';
const BUSY = /"message":"Another run is going on on this host: .*Run the same command again/;

/** What every trial is measured by. */
export interface Yardstick {
  readonly lab: string;
  readonly folder: string;
  /** The machine before anything. */
  readonly before: Manifest;
  /** After an apply that nobody disturbed. */
  readonly after: Manifest;
  /** After that was taken back; the one before anything, unless `problems` says otherwise. */
  readonly restored: Manifest;
  /** What is wrong even undisturbed. The points are tried none the less, against what there is. */
  readonly problems: readonly string[];
  readonly run: LabRun;
}

export interface Outcome {
  readonly survived: boolean;
  /** False when the run was over before the fault could strike. */
  readonly struck: boolean;
  readonly seconds: number;
  /** What went wrong, for people. */
  readonly problems: readonly string[];
}

/** Applies undisturbed, and takes it back. */
export async function measure(lab: string, folder: string): Promise<Yardstick> {
  await upToDate(lab);
  await takeSnapshot(lab, SNAPSHOT);
  const before = await manifestOf(lab);
  const run = await watchedApply(folder);
  const after = await manifestOf(lab);
  const failed = await rollBack(lab, folder);
  const restored = await manifestOf(lab);
  const problems = [...failed, ...unlike('After rollback', before, restored)];
  return { lab, folder, before, after, restored, problems, run };
}

/** Tries one point, from a disk as it was before anything. */
export async function tryPoint(yardstick: Yardstick, point: Point): Promise<Outcome> {
  const began = performance.now();
  const { lab, folder, after, restored } = yardstick;
  await restoreSnapshot(lab, SNAPSHOT);
  const over = new AbortController();
  const disturbed = start(APPLY, folder);
  const ended = disturbed.finished.finally(() => over.abort());
  const problems: string[] = [];
  let struck = false;
  try {
    struck = await waitFor(lab, point.moment, over.signal);
    if (struck) await strike(point.fault, lab, disturbed.child);
    problems.push(...(await again(folder, () => disturbed.child.exitCode === null)));
    problems.push(...unlike('After the next apply', after, await manifestOf(lab)));
    problems.push(...(await rollBack(lab, folder)));
    problems.push(...unlike('After rollback', restored, await manifestOf(lab)));
  } catch (error) {
    problems.push(String(error instanceof Error ? error.message : error));
    if (problems.length > 0) problems.unshift(...lastOutputs(lab));
  } finally {
    killTree(disturbed.child.pid);
    await ended;
    await mend(lab);
  }
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  return { survived: problems.length === 0, struck, seconds, problems };
}

/**
 * The same command once more, and then nothing is left to do. When the fault came before the first one had connected, that
 * one goes on as if nothing had been: then the second is told so, and does as it is told.
 */
async function again(folder: string, firstIsAlive: () => boolean): Promise<readonly string[]> {
  let alive = firstIsAlive();
  let next = await hostwright(APPLY, folder);
  while (next.code === 1 && BUSY.test(next.stdout) && alive) {
    alive = firstIsAlive();
    next = await hostwright(APPLY, folder);
  }
  if (next.code !== 0 || summaryOf(next).failed !== 0)
    return [`The next apply failed (${next.code}): ${next.stderr.slice(-1500)}\n${next.stdout.slice(-1500)}`];
  const plan = await hostwright(['plan', '--json'], folder);
  if (plan.stdout === '') return [`The plan failed: ${plan.stderr.slice(-1500)}`];
  const { changes } = JSON.parse(plan.stdout) as { changes: { id: string; summary: string }[] };
  return changes.map(({ id, summary }) => `The next apply left something to do: ${id} ${summary}`);
}

/** To before the first run. */
async function rollBack(lab: string, folder: string): Promise<readonly string[]> {
  const [first] = runsThatChanged(lab);
  if (first === undefined) return ['No run is in the journal.'];
  const { code, stdout, stderr } = await hostwright(['rollback', first, '--yes', '--json'], folder);
  if (code === 0) return [];
  return [`rollback ${first} failed (${code}): ${stderr.slice(-1500)}\n${stdout.slice(-1500)}`];
}

/** Keys are made on the host, so each machine has another one; that a certificate fits its key is for the plan to say. */
const MADE_THERE =
  /^~ files: \/etc\/ssl\/hostwright\/[^/]+\/(?:fullchain|key)\.pem (f \d+ \S+) [0-9a-f]+ → \1 [0-9a-f]+$/;

/** What the agent knows of its account, of orders and of mappings is another thing each time; it goes with the agent. */
const OF_AGENT = `: ${AGENT.home}/`;

function unlike(when: string, wanted: Manifest, there: Manifest): readonly string[] {
  return differences(wanted, there)
    .filter((line) => !MADE_THERE.test(line) && !line.includes(OF_AGENT))
    .map((line) => `${when}: ${line}`);
}
