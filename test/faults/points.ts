/** Where a run is disturbed: before and after each of its steps, and at random instants. */
import type { LabRun } from './lab-run.ts';

export const FAULTS = ['cut', 'kill', 'power'] as const;
export type Fault = (typeof FAULTS)[number];

/** When a fault strikes. */
export type Moment =
  /** As soon as the host has noted this event in its journal, and so many milliseconds later. */
  | { readonly event: string; readonly step: number; readonly later: number }
  /** So many milliseconds after hostwright was started. */
  | { readonly instant: number };

export interface Point {
  /** `start-3/power`: stable as long as the host file and the seed are. */
  readonly id: string;
  readonly moment: Moment;
  readonly fault: Fault;
  /** For people. */
  readonly about: string;
}

/** Random instants in a run. */
export const INSTANTS = 50;

/** Every point of a run that was watched undisturbed, each fault in turn: first all points with one fault each, then the next. */
export function pointsOf(undisturbed: LabRun, seed: number): readonly Point[] {
  const moments = [...stepMoments(undisturbed), ...instants(undisturbed, seed)];
  return FAULTS.flatMap((_, round) =>
    moments.map(([name, about, moment], index): Point => {
      const fault = FAULTS[(index + round) % FAULTS.length] ?? 'cut';
      return { id: `${name}/${fault}`, moment, fault, about };
    }),
  );
}

type Named = readonly [name: string, about: string, moment: Moment];

/** Two for each change. Changes that are made in one step share its beginning and end, so the others lie within it. */
function stepMoments({ steps }: LabRun): readonly Named[] {
  return steps.flatMap(({ ids, milliseconds }, step): Named[] => {
    const what = ids.join(', ');
    const inside = 2 * (ids.length - 1);
    return [
      [`start-${step}`, `before ${what}`, { event: 'step-started', step, later: 0 }],
      ...Array.from({ length: inside }, (_, index): Named => {
        const later = Math.round((milliseconds * (index + 1)) / (inside + 1));
        return [`inside-${step}.${index}`, `within ${what}`, { event: 'step-started', step, later }];
      }),
      [`end-${step}`, `after ${what}`, { event: 'step-ended', step, later: 0 }],
    ];
  });
}

function instants({ milliseconds }: LabRun, seed: number): readonly Named[] {
  const next = random(seed);
  return Array.from({ length: INSTANTS }, (_, index): Named => {
    const instant = Math.round(next() * milliseconds);
    return [`instant-${index}`, `${instant} ms after the start`, { instant }];
  });
}

/** Some of them, the same ones for the same seed; different faults and moments as far as there are. */
export function sampleOf(points: readonly Point[], count: number, seed: number): readonly Point[] {
  const next = random(seed + 1);
  const shuffled = points
    .map((point) => ({ point, order: next() }))
    .sort((one, other) => one.order - other.order)
    .map(({ point }) => point);
  const turns = Array.from(
    { length: points.length },
    (_, index) =>
      shuffled.filter(({ fault }) => fault === FAULTS[index % FAULTS.length])[
        Math.floor(index / FAULTS.length)
      ],
  );
  return turns.flatMap((point) => (point ? [point] : [])).slice(0, count);
}

/** Numbers from 0 to below 1, the same ones for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
