import { diff3Merge } from 'node-diff3';

/** What a merge came to. */
export type Merge =
  | { readonly clean: true; readonly content: Buffer }
  /** Both sides of every conflict between markers, the rest merged. */
  | { readonly clean: false; readonly marked: Buffer };

/** Larger texts are not merged; so much of a base is kept on the host. Bytes. */
export const LARGEST_MERGED = 262_144;

/** Pairs of equal lines that are looked at: texts that repeat themselves more often would take minutes. */
const MOST_PAIRS = 1_000_000;

/** In the order in which they stand in a conflict. */
const MARKERS = {
  theirs: '<<<<<<< on the host, edited by hand',
  between: '=======',
  ours: '>>>>>>> hostwright',
} as const;

/**
 * Merges what was done by hand since `base` with what is declared now, line by line as git does: changes that overlap
 * or touch are a conflict. Bytes are kept as they are, line endings and a missing last newline among them.
 * Undefined when there is nothing to merge by: no base, no text, too large. Pure.
 */
export function mergeText(
  base: Buffer | undefined,
  ours: Buffer,
  theirs: Buffer | null | undefined,
): Merge | undefined {
  if (!base || !theirs || ![base, ours, theirs].every(isMergeable)) return undefined;
  const [o, a, b] = [linesOf(base), linesOf(theirs), linesOf(ours)] as const;
  if (pairs(o, a) + pairs(o, b) > MOST_PAIRS) return undefined;
  const regions = diff3Merge<string>(a, o, b, { excludeFalseConflicts: true });
  const clean = regions.every(({ conflict }) => conflict === undefined);
  const text = regions.flatMap(({ ok, conflict }) => ok ?? (conflict ? marked(conflict.a, conflict.b) : []));
  const content = Buffer.from(text.join(''), 'latin1');
  return clean ? { clean, content } : { clean, marked: content };
}

/** True while a line of the text is one of the markers that a conflict is shown with. */
export function hasMarkers(text: string): boolean {
  return text
    .split(/\r?\n/)
    .some((line) => line.startsWith('<<<<<<< ') || line === MARKERS.between || line.startsWith('>>>>>>> '));
}

function isMergeable(content: Buffer): boolean {
  return content.length <= LARGEST_MERGED && !content.includes(0);
}

/** One character a byte, so that every byte comes back; each line with its ending. */
function linesOf(content: Buffer): string[] {
  return content.toString('latin1').match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function pairs(one: readonly string[], other: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const line of one) counts.set(line, (counts.get(line) ?? 0) + 1);
  return other.reduce((sum, line) => sum + (counts.get(line) ?? 0), 0);
}

/** A side whose last line has no newline gets one: a marker stands on a line of its own. */
function marked(theirs: readonly string[], ours: readonly string[]): readonly string[] {
  const ended = (lines: readonly string[]): readonly string[] =>
    lines.map((line) => (line.endsWith('\n') ? line : `${line}\n`));
  return [
    `${MARKERS.theirs}\n`,
    ...ended(theirs),
    `${MARKERS.between}\n`,
    ...ended(ours),
    `${MARKERS.ours}\n`,
  ];
}
