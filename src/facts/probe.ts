import type { Shell } from '../quote.ts';

/** One thing that is read of the host before composing: a fragment of shell, and a pure parser of what it prints. */
export interface FactProbe<Value> {
  /** POSIX sh that only reads. Runs as root with stdin closed; whatever it prints is given to `parse`. */
  readonly script: Shell;
  /** Read only for roles whose recipe asks for it (`Recipe.facts`): it costs time that other hosts need not spend. */
  readonly onRequest?: true;
  /** Pure. Unknown or missing output gives an "unknown" value, never an exception. */
  parse(output: string): Value;
}

/** Types a fact; the identity function at run time. */
export function defineFact<Value>(probe: FactProbe<Value>): FactProbe<Value> {
  return probe;
}
