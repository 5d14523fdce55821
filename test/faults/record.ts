/** What was tried so far, in a file, so that a long trial can be continued. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Outcome } from './trial.ts';

export interface TrialRecord {
  has(id: string): boolean;
  add(id: string, outcome: Outcome): void;
  readonly outcomes: Readonly<Record<string, Outcome>>;
}

interface Written {
  readonly v: 1;
  readonly fingerprint: string;
  readonly outcomes: Record<string, Outcome>;
}

/** Points mean the same only for the same host file, release and seed. */
export function fingerprint(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/**
 * Opens the file, or begins one; without a file it is kept in memory.
 * @throws {Error} when the file is of other points
 */
export function trialRecord(file: string | undefined, mark: string): TrialRecord {
  const written = file !== undefined && existsSync(file) ? readRecord(file) : undefined;
  if (written && written.fingerprint !== mark)
    throw new Error(`${file} is of another seed, release or host file: name another --state file.`);
  // A lost point is tried again: whoever continues has mended what lost it.
  const outcomes: Record<string, Outcome> = Object.fromEntries(
    Object.entries(written?.outcomes ?? {}).filter(([, { survived }]) => survived),
  );
  return {
    outcomes,
    has: (id) => Object.hasOwn(outcomes, id),
    add(id, outcome) {
      outcomes[id] = outcome;
      if (file === undefined) return;
      writeFileSync(`${file}.new`, `${JSON.stringify({ v: 1, fingerprint: mark, outcomes })}\n`);
      renameSync(`${file}.new`, file);
    },
  };
}

function readRecord(file: string): Written {
  const written = JSON.parse(readFileSync(file, 'utf8')) as Written;
  if (written.v !== 1) throw new Error(`${file} is not a record of trials.`);
  return written;
}
