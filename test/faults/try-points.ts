/** The trial of all points, or of some. */
import { labDown } from '../../src/lab/down.ts';
import type { Release } from '../../src/lab/places.ts';
import { labUp } from '../../src/lab/up.ts';
import { workingFolder } from '../lab/support/hostwright.ts';
import { type Point, pointsOf, sampleOf } from './points.ts';
import { fingerprint, trialRecord } from './record.ts';
import { scenario } from './scenario.ts';
import { measure, type Outcome, tryPoint } from './trial.ts';

export interface TrialOptions {
  readonly lab: string;
  readonly release: Release;
  readonly seed: number;
  /** So many of the points; default: all. */
  readonly sample?: number;
  /** Ids of points, or the beginnings of ids: these alone. */
  readonly only?: readonly string[];
  /** Every n-th point only, counted from the k-th, both from 1: several computers, or cores, can share the work. */
  readonly shard?: readonly [k: number, n: number];
  /** A file of what was tried already. */
  readonly state?: string;
  readonly say: (text: string) => void;
}

export interface TrialReport {
  /** Kinds of the changes that were disturbed. */
  readonly kinds: readonly string[];
  readonly changes: number;
  /** Before and after steps, without the random instants; one for each moment, whatever the fault. */
  readonly stepMoments: number;
  readonly tried: Readonly<Record<string, Outcome>>;
  /** Ids of points; `undisturbed` when not even that brings back what was before. */
  readonly failed: readonly string[];
}

/** Brings up a lab of its own, tries the points one after the other, says how each went, and takes the lab down. */
export async function tryPoints(options: TrialOptions): Promise<TrialReport> {
  const { lab, release, seed, say } = options;
  const files = scenario(lab);
  const folder = workingFolder(files);
  try {
    await labUp({ name: lab, release, report: () => undefined });
    const yardstick = await measure(lab, folder.path);
    const all = pointsOf(yardstick.run, seed);
    const changes = yardstick.run.steps.flatMap(({ ids }) => ids);
    say(
      `Seed ${seed}, Debian ${release}: ${changes.length} changes in ${yardstick.run.steps.length} steps, ${yardstick.run.milliseconds} ms undisturbed; ${all.length} points.`,
    );
    if (yardstick.problems.length > 0)
      say(['LOST even undisturbed:', ...shown(yardstick.problems)].join('\n'));
    const record = trialRecord(options.state, fingerprint([files, release, seed]));
    const points = chosen(all, options);
    const left = points.filter(({ id }) => !record.has(id));
    if (left.length < points.length) say(`${points.length - left.length} were tried before.`);
    for (const point of left) {
      const outcome = await tryPoint(yardstick, point);
      record.add(point.id, outcome);
      const count = points.filter(({ id }) => record.has(id)).length;
      say(`${count}/${points.length} ${describe(point, outcome, options)}`);
    }
    const tried = Object.fromEntries(
      points.flatMap(({ id }) => (record.outcomes[id] ? [[id, record.outcomes[id]]] : [])),
    );
    const undisturbed = yardstick.problems.length > 0 ? ['undisturbed'] : [];
    return {
      kinds: [...new Set(changes.map((id) => id.split(':')[0] ?? ''))],
      changes: changes.length,
      stepMoments: new Set(all.filter(({ moment }) => 'event' in moment).map(({ id }) => id.split('/')[0]))
        .size,
      tried,
      failed: [
        ...undisturbed,
        ...Object.entries(tried).flatMap(([id, { survived }]) => (survived ? [] : [id])),
      ],
    };
  } finally {
    folder.remove();
    await labDown({ name: lab, report: () => undefined });
  }
}

/** @throws {Error} when nothing is left to try. */
function chosen(all: readonly Point[], { sample, only, seed, shard }: TrialOptions): readonly Point[] {
  const wanted = only
    ? all.filter(({ id }) => only.some((name) => id === name || id.startsWith(`${name}/`)))
    : all;
  if (wanted.length === 0)
    throw new Error(
      `There is no such point. The first ones: ${all
        .slice(0, 5)
        .map(({ id }) => id)
        .join(', ')}`,
    );
  const some = sample === undefined ? wanted : sampleOf(wanted, sample, seed);
  return shard === undefined ? some : some.filter((_, index) => index % shard[1] === shard[0] - 1);
}

function describe(
  { id, about }: Point,
  { survived, struck, seconds, problems }: Outcome,
  { seed, release }: TrialOptions,
): string {
  const note = struck ? '' : ' (the run was over before)';
  const head = `${id}, ${about}: ${survived ? 'survived' : 'LOST'}${note}, ${seconds} s`;
  if (survived) return head;
  const repeat = `    Again: npm run test:faults -- --only ${id} --seed ${seed} --release ${release}`;
  return [head, ...shown(problems), repeat].join('\n');
}

function shown(problems: readonly string[]): readonly string[] {
  const lines = problems.slice(0, 25).map((problem) => `    ${problem.replaceAll('\n', '\n    ')}`);
  return [...lines, ...(problems.length > 25 ? [`    and ${problems.length - 25} more`] : [])];
}
