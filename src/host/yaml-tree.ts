import { isAlias, isMap, isNode, isScalar, isSeq, type Node, type Pair } from 'yaml';
import { kindOf, show } from '../compose/complaint.ts';
import type { Problem, SourcePosition } from '../errors.ts';
import type { Entry, MapTree, Tree } from './tree.ts';

type At = (offset: number) => SourcePosition;
type Place = Pick<Tree, 'at' | 'start' | 'end'>;

/** Makes a {@link Tree} of what the parser composed, and says what has no place in a host file. */
export function readTree(contents: Node | undefined, at: At): { tree?: Tree; problems: readonly Problem[] } {
  const reader = new Reader(at);
  return { ...(contents && { tree: reader.read(contents) }), problems: reader.problems };
}

class Reader {
  readonly problems: Problem[] = [];
  readonly #at: At;

  constructor(at: At) {
    this.#at = at;
  }

  read(node: Node): Tree {
    const [start, end] = node.range ?? [0, 0];
    const place: Place = { at: this.#at(start), start, end };
    if (isAlias(node)) {
      this.#refuse(
        start,
        `an alias, ${show(`*${node.source}`)}, has no place in a host file`,
        'Write the value out.',
      );
      return { ...place, kind: 'scalar', value: null };
    }
    this.#refuseProperties(node, start);
    if (isMap(node)) return this.#readMap(node.items, node.flow === true, place);
    if (isSeq(node)) {
      const items = node.items.map((item) => (isNode(item) ? this.read(item) : nothing(place, end)));
      return { ...place, kind: 'list', items };
    }
    if (!isScalar(node)) return { ...place, kind: 'scalar', value: null };
    const { source } = node;
    return { ...place, kind: 'scalar', value: plain(node.value), ...(source !== undefined && { source }) };
  }

  #readMap(pairs: readonly Pair[], flow: boolean, place: Place): MapTree {
    const entries = new Map<string, Entry>();
    for (const { key, value } of pairs) {
      const [keyStart, keyEnd] = (isNode(key) && key.range) || [place.start, place.start];
      const keyAt = this.#at(keyStart);
      const name = this.#keyName(key, keyStart);
      const tree = isNode(value) ? this.read(value) : nothing(place, keyEnd, this.#at(keyEnd));
      if (name === undefined) continue;
      const first = entries.get(name);
      if (first)
        this.#refuse(keyStart, `${show(name)} is there twice: first in line ${first.keyAt.line}`, TWICE);
      else entries.set(name, { keyAt, keyStart, value: tree });
    }
    return { ...place, kind: 'map', flow, entries };
  }

  /** A key as it is written: `1` and `on` are words here. */
  #keyName(key: unknown, start: number): string | undefined {
    if (isNode(key)) this.#refuseProperties(key, start);
    const name = isScalar(key) ? (typeof key.value === 'string' ? key.value : key.source) : undefined;
    if (name !== undefined && name !== '' && name !== '__proto__') return name;
    const what = isScalar(key) ? show(name ?? '') : isAlias(key) ? 'an alias' : kindOf(isSeq(key) ? [] : {});
    this.#refuse(start, `${what} cannot be a key`);
    return undefined;
  }

  #refuseProperties(node: Node, start: number): void {
    if ('anchor' in node && typeof node.anchor === 'string')
      this.#refuse(
        start,
        `an anchor, ${show(`&${node.anchor}`)}, has no place in a host file`,
        'Write each value out.',
      );
    if (node.tag) {
      const tag = node.tag.replace(/^tag:yaml\.org,2002:/, '!!');
      this.#refuse(start, `a tag, ${show(tag)}, has no place in a host file`, 'Take it out.');
    }
  }

  #refuse(offset: number, message: string, hint?: string): void {
    this.problems.push({ at: this.#at(offset), message, ...(hint && { hint }) });
  }
}

const TWICE = 'Rename or remove one of the two.';

/** Where a value could stand and none does. */
function nothing(place: Place, offset: number, at = place.at): Tree {
  return { at, start: offset, end: offset, kind: 'scalar', value: null };
}

function plain(value: unknown): string | number | boolean | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
