import type { SourcePosition } from '../errors.ts';

export type Path = readonly (string | number)[];

/** A value of a host file together with where it stands. */
export type Tree = MapTree | ListTree | ScalarTree;

interface Placed {
  readonly at: SourcePosition;
  /** Where the value begins and ends in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

export interface MapTree extends Placed {
  readonly kind: 'map';
  /** Written as `{ … }`. */
  readonly flow: boolean;
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface ListTree extends Placed {
  readonly kind: 'list';
  readonly items: readonly Tree[];
}

export interface ScalarTree extends Placed {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** As it is written, where that can differ from the value: 0644. */
  readonly source?: string;
}

export interface Entry {
  readonly keyAt: SourcePosition;
  /** Where the key begins in the text. */
  readonly keyStart: number;
  readonly value: Tree;
}

/** What the tree holds, as plain data. */
export function toValue(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(toValue);
  return Object.fromEntries([...tree.entries].map(([key, { value }]) => [key, toValue(value)]));
}

/** The value at `path`, or nothing. */
export function find(tree: Tree | undefined, path: Path): Tree | undefined {
  return path.reduce<Tree | undefined>((at, key) => child(at, key), tree);
}

/** Where the key (in a list: the item) at `path` stands; for a path that is not there, the nearest place above it. */
export function locateKey(tree: Tree, path: Path): SourcePosition {
  let at: Tree = tree;
  let position = tree.at;
  for (const key of path) {
    const next = child(at, key);
    if (!next) break;
    position = (at.kind === 'map' ? at.entries.get(String(key))?.keyAt : undefined) ?? next.at;
    at = next;
  }
  return position;
}

/** Where the value at `path` stands; for a path that is not there, the nearest key above it. */
export function locateValue(tree: Tree, path: Path): SourcePosition {
  return find(tree, path)?.at ?? locateKey(tree, path);
}

function child(tree: Tree | undefined, key: string | number): Tree | undefined {
  if (tree?.kind === 'map') return tree.entries.get(String(key))?.value;
  return tree?.kind === 'list' ? tree.items[Number(key)] : undefined;
}
