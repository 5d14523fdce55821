import { type Problem, UserError } from '../errors.ts';
import type { Finding } from './issues.ts';
import type { Parsed } from './yaml.ts';

/** More than these are not told at once. */
const MOST = 20;

/**
 * Throws what is wrong, in the order of the file. After a syntax error the rest of the file is a guess: what seems
 * wrong there is left for the next time, and so is what seems to be absent.
 * @throws {UserError} unless nothing is wrong.
 */
export function raise({ problems, guessedFrom }: Parsed, findings: readonly Finding[]): void {
  const guessing = Number.isFinite(guessedFrom);
  const sure = findings.filter(({ at, absent }) => !guessing || (!absent && (at?.line ?? 0) < guessedFrom));
  const all = unique([...problems, ...sure.map(({ absent: _, ...problem }) => problem)]).sort(byPlace);
  if (all.length === 0) return;
  const left = all.length - MOST;
  throw new UserError(left > 0 ? [...all.slice(0, MOST), { message: `and ${left} more` }] : all);
}

function unique(problems: readonly Problem[]): Problem[] {
  const key = ({ at, message }: Problem) => `${at?.line}:${at?.column}:${message}`;
  return [...new Map(problems.map((problem) => [key(problem), problem])).values()];
}

function byPlace(a: Problem, b: Problem): number {
  return (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0);
}
