import { createHash } from 'node:crypto';
import type { OwnedResource } from '../compose/collect.ts';

/** For each resource id a short hash of what is declared, alike on every computer that declares the same. Pure. */
export function specDigests(resources: readonly OwnedResource[]): ReadonlyMap<string, string> {
  return new Map(resources.map(({ resource }) => [resource.id, specDigest(resource.spec)]));
}

/**
 * A hash of one spec. Of an uploaded folder not where it lies on this computer counts but its files, as a second hash
 * after a colon: they come from the user, the rest from the recipe.
 */
export function specDigest(spec: unknown): string {
  const folder: unknown =
    typeof spec === 'object' && spec !== null && 'folder' in spec ? spec.folder : undefined;
  const rest = folder === undefined ? spec : { ...Object(spec), folder: undefined };
  return folder === undefined ? hash(rest) : `${hash(rest)}:${hash(Object(folder).files)}`;
}

/** The part of {@link specDigest} that tells the content of a folder; empty for everything else. */
export function folderDigest(digest: string): string {
  return digest.split(':')[1] ?? '';
}

/** Keys in order, so that it does not matter how the spec was put together. */
function hash(spec: unknown): string {
  const text = JSON.stringify(spec, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHash('sha256')
    .update(text ?? '')
    .digest('hex')
    .slice(0, 16);
}
