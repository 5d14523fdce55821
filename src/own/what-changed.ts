import { textDiff } from '../plan/text-diff.ts';
import type { OwnRecipe } from './find.ts';

/** What became of one file since it was trusted. */
export interface FileChange {
  readonly path: string;
  readonly change: 'new' | 'changed' | 'gone';
  /** Unified, without a header; absent for a file that is gone. */
  readonly diff?: string;
}

/** What changed in a recipe since its files were these. Pure. */
export function whatChanged(
  before: ReadonlyMap<string, string>,
  { files }: Pick<OwnRecipe, 'files'>,
): readonly FileChange[] {
  const paths = [...new Set([...before.keys(), ...files.keys()])].sort();
  return paths.flatMap((path): FileChange[] => {
    const [was, is] = [before.get(path), files.get(path)];
    if (is === undefined) return [{ path, change: 'gone' }];
    if (was === is) return [];
    const diff = textDiff(was === undefined ? undefined : Buffer.from(was), Buffer.from(is));
    return [{ path, change: was === undefined ? 'new' : 'changed', diff }];
  });
}
