/** One apply in the lab, as the one who disturbs it sees it: what the host notes, at the moment when it does. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { layerFolders } from '../../src/lab/layer.ts';
import { nodeFolder } from '../../src/lab/places.ts';
import { jsonLines, start } from '../lab/support/hostwright.ts';
import type { Moment } from './points.ts';

/** How an apply went that nobody disturbed. */
export interface LabRun {
  readonly milliseconds: number;
  readonly steps: readonly { readonly ids: readonly string[]; readonly milliseconds: number }[];
}

export const APPLY = ['apply', '--yes', '--json', '--no-check', '--adopt', 'file:/etc/motd'] as const;

/** The folder of the journals, seen from this computer: the box writes through to it. */
const runsFolder = (lab: string): string =>
  join(layerFolders(nodeFolder(lab, 'box')).upper, 'var/lib/hostwright/runs');

/** Applies and measures. */
export async function watchedApply(folder: string): Promise<LabRun> {
  const began = performance.now();
  const { code, stdout, stderr } = await start(APPLY, folder).finished;
  const milliseconds = Math.round(performance.now() - began);
  if (code !== 0)
    throw new Error(`Undisturbed, it fails too: ${stderr.slice(-3000)}\n${stdout.slice(-1000)}`);
  const ended = jsonLines(stdout).filter(({ event }) => event === 'step-ended');
  const steps = ended.map(({ ids, seconds }) => ({
    ids: ids as string[],
    milliseconds: Number(seconds) * 1000,
  }));
  return { milliseconds, steps };
}

/**
 * Waits for a moment of the run that has just been started.
 * @param over aborted when the run has ended: then the moment will not come any more
 * @returns whether it came
 */
export async function waitFor(lab: string, moment: Moment, over: AbortSignal): Promise<boolean> {
  if ('instant' in moment) return passes(moment.instant, over);
  const line = new RegExp(`^${moment.event}\t${moment.step}(?:\t|$)`, 'm');
  while (!line.test(eventsOf(lab))) {
    if (!(await passes(2, over))) return line.test(eventsOf(lab)) && moment.later === 0;
  }
  return moment.later === 0 || passes(moment.later, over);
}

async function passes(milliseconds: number, over: AbortSignal): Promise<boolean> {
  return pause(milliseconds, true, { signal: over }).catch(() => false);
}

/** What the runs on the host have noted so far. */
function eventsOf(lab: string): string {
  return runsOf(lab)
    .map((run) => readIfThere(join(runsFolder(lab), run, 'events')))
    .join('\n');
}

/** Ids of the runs on the host that did anything, the oldest first. */
export function runsThatChanged(lab: string): readonly string[] {
  return runsOf(lab).filter((run) =>
    /^step-started/m.test(readIfThere(join(runsFolder(lab), run, 'events'))),
  );
}

/** The last lines that the last runs printed on the host: why one went wrong. */
export function lastOutputs(lab: string): readonly string[] {
  return runsOf(lab)
    .slice(-3)
    .map((run) => `${run} printed: …${readIfThere(join(runsFolder(lab), run, 'output')).slice(-1500)}`);
}

function runsOf(lab: string): readonly string[] {
  try {
    return readdirSync(runsFolder(lab)).sort();
  } catch {
    return [];
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
