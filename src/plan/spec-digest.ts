import { createHash } from 'node:crypto';
import type { OwnedResource } from '../compose/compose.ts';

/** For each resource id a short hash of what is declared, alike on every computer that declares the same. Pure. */
export function specDigests(resources: readonly OwnedResource[]): ReadonlyMap<string, string> {
  return new Map(resources.map(({ resource }) => [resource.id, specDigest(resource.spec)]));
}

/** A hash of one spec: keys in order, and of a folder its files, not where it lies on this computer. */
export function specDigest(spec: unknown): string {
  const text = JSON.stringify(spec, (key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    const kept = key === 'folder' ? entries.filter(([name]) => name === 'files') : entries;
    return Object.fromEntries(kept);
  });
  return createHash('sha256')
    .update(text ?? '')
    .digest('hex')
    .slice(0, 16);
}
