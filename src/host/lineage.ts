import { basename } from 'node:path';
import { mergeDiff3 } from 'node-diff3';
import type { Applied } from '../facts/probes/applied.ts';
import { committedTexts, holdsCommit } from './checkout.ts';
import { fingerprint } from './fingerprint.ts';
import { readOwnRecord } from './own-record.ts';

/** What is about to be applied, and from where. */
export interface Lineaged {
  /** Of the host file, absolute. */
  readonly directory: string;
  /** Name or path of the host file. */
  readonly file: string;
  readonly text: string;
  /** Hash of the folder's own recipes. */
  readonly recipes: string | undefined;
}

/** How what was last applied to a host relates to a folder's host file. */
export type Lineage =
  /** The folder has everything that the host was told. */
  | { readonly kind: 'held' }
  /** It lacks something. */
  | {
      readonly kind: 'lacking';
      readonly what: 'host file' | 'recipes';
      /** The host file that the host keeps. */
      readonly text: string;
      /** The folder's own is one that was applied before it. */
      readonly older: boolean;
    };

const HELD: Lineage = { kind: 'held' };

/**
 * Tells whether applying a folder's host file would undo what somebody applied from elsewhere. A folder holds what it
 * has itself, what git says it once was, what was applied from it, and what it has all the changes of.
 * @param readText fetches the host file that the host keeps; called only when it is not one of these.
 */
export async function compareLineage(
  ours: Lineaged,
  { sha256, meta }: Applied,
  readText: () => Promise<string>,
): Promise<Lineage> {
  if (sha256 === undefined) return HELD;
  const own = fingerprint(ours.text);
  const sameRecipes = !meta || meta.recipes === ours.recipes;
  if (sha256 === own && sameRecipes) return HELD;
  const record = await readOwnRecord(ours.directory);
  if (record.some((entry) => entry.sha256 === sha256 && (!meta || entry.recipes === meta.recipes)))
    return HELD;
  const committed = sha256 === own ? [] : await committedTexts(ours.directory, basename(ours.file));
  const known = new Map(
    [...committed, ...record.flatMap(({ text }) => (text === undefined ? [] : [text])), ours.text].map(
      (text) => [fingerprint(text), text],
    ),
  );
  const older = meta?.ancestors.includes(own) ?? false;
  if (!known.has(sha256)) {
    const text = await readText();
    const base = meta?.ancestors.map((hash) => known.get(hash)).find((found) => found !== undefined);
    if (base === undefined || !contains(ours.text, base, text))
      return { kind: 'lacking', what: 'host file', text, older };
  }
  if (sameRecipes || (await holdsRecipes(ours, { sha256, meta }))) return HELD;
  return { kind: 'lacking', what: 'recipes', text: ours.text, older: false };
}

/** Recipes are many files: what is committed together is known by its commit. */
async function holdsRecipes({ directory }: Lineaged, { meta }: Applied): Promise<boolean> {
  if (meta?.recipes === undefined) return true;
  const { git } = meta;
  return git !== undefined && !git.dirty && (await holdsCommit(directory, git.commit));
}

/** True when every change from `base` to `theirs` is in `ours` already: merging them in would change nothing. */
function contains(ours: string, base: string, theirs: string): boolean {
  const lines = (text: string): string[] => text.replaceAll('\r', '').split('\n');
  const { conflict, result } = mergeDiff3(lines(ours), lines(base), lines(theirs), {
    excludeFalseConflicts: true,
  });
  return !conflict && result.join('\n') === lines(ours).join('\n');
}
