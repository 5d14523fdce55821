import { type Problem, UserError } from '../errors.ts';
import type { Finding } from './issues.ts';
import type { Parsed } from './yaml.ts';

/** More than these are not told at once. */
const MOST = 20;

/**
 * Throws what is wrong, in the order of the file. After a syntax error the rest of the file is a guess: what seems
 * wrong there is left for the next time, and so are what seems to be absent and a second complaint about one place.
 * @throws {UserError} unless nothing is wrong.
 */
export function raise({ problems, guessedFrom }: Parsed, findings: readonly Finding[]): void {
  const guessing = Number.isFinite(guessedFrom);
  const places = new Set(problems.map(place));
  const sure = findings
    .filter(({ at, absent }) => !guessing || (!absent && (at?.line ?? 0) < guessedFrom))
    .filter((finding) => !places.has(place(finding)));
  const all = unique([...problems, ...sure.map(({ absent: _, ...problem }) => problem)]).sort(byPlace);
  if (all.length === 0) return;
  const left = all.length - MOST;
  throw new UserError(left > 0 ? [...all.slice(0, MOST), { message: `and ${left} more` }] : all);
}

function unique(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [`${place(problem)}:${problem.message}`, problem])).values()];
}

function byPlace(a: Problem, b: Problem): number {
  return (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0);
}

const place = ({ at }: Problem): string => `${at?.line}:${at?.column}`;
