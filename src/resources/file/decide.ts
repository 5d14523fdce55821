import type { FileSpec } from '../file.ts';
import type { DiffContext } from '../kind.ts';
import { bytesOf } from './content.ts';
import { mergeText } from './merge.ts';
import { type FileState, hash } from './observe.ts';

/** A file as it should come out: its content and whose it is. */
export interface Target {
  readonly content: Buffer;
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
}

/** What is to be done about a file of which something differs from what is declared, or was edited by hand. */
export type Decision =
  | { readonly do: 'nothing' }
  /** It was edited by hand, and nothing that hostwright wants is in the way of that. */
  | { readonly do: 'leave'; readonly edit: string }
  /** The user keeps an edit although we would have it otherwise: from now on that is settled. */
  | { readonly do: 'settle' }
  | {
      readonly do: 'write';
      readonly target: Target;
      /** Made of both: what was edited by hand and what is declared. */
      readonly merged: boolean;
      readonly foreign: boolean;
      readonly conflict?: 'adopt' | 'edited';
      /** Both sides of the conflict between markers. */
      readonly marked?: Buffer;
    };

/** What hostwright wrote last. Runs before there were merges remembered the content alone. */
interface Last {
  readonly sha256: string;
  readonly mode?: string | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
}

type Metadata = Pick<Target, 'mode' | 'owner' | 'group'>;
const METADATA = ['mode', 'owner', 'group'] as const;

/** The line that the host remembers of a text. */
export function rememberedLine(spec: FileSpec & { readonly content: string }): string {
  return `${hash(spec.content)} ${spec.mode} ${spec.owner} ${spec.group}`;
}

/**
 * Three versions meet: what we wrote last, what is there, what is declared. As git has it, the side that changed wins,
 * changes of both sides are merged, and what cannot be merged is the user's to decide. A file that was removed by hand
 * is written again. Pure.
 */
export function decide(spec: FileSpec, state: FileState, context: DiffContext): Decision {
  const target = { content: bytesOf(spec.content), ...metadataOf(spec) };
  const write = { do: 'write', target, merged: false, foreign: false } as const;
  if (state.type === 'absent') return write;
  const last = lastOf(context.remembered);
  if (!last) {
    if (state.sha256 === hash(bytesOf(spec.content)) && isSame(state, target)) return { do: 'nothing' };
    const asked = context.adopted || state.shipped === true;
    return { ...write, foreign: true, ...(asked ? {} : { conflict: 'adopt' }) };
  }
  if (state.type === 'other') return decideReplaced(spec, state, last, context);
  return decideOurs(spec, state, last, context);
}

/** Somebody has put a link, a pipe or the like in the place of our file. */
function decideReplaced(spec: FileSpec, state: FileState, last: Last, { choice }: DiffContext): Decision {
  const target = { content: bytesOf(spec.content), ...metadataOf(spec) };
  const write = { do: 'write', target, merged: false, foreign: false } as const;
  if (choice === 'take') return write;
  if (last.sha256 === hash(bytesOf(spec.content)))
    return { do: 'leave', edit: `replaced by a ${state.description} by hand` };
  return choice === 'keep' ? { do: 'settle' } : { ...write, conflict: 'edited' };
}

function decideOurs(spec: FileSpec, state: FileState, last: Last, { choice }: DiffContext): Decision {
  const declared = bytesOf(spec.content);
  const text = contentOf(declared, state, last, choice);
  const metadata = metadataFor(spec, state, last, choice);
  const content = text.content ?? state.content;
  const stays = text.content === undefined && isSame(state, metadata.wanted);
  // What is too large to be fetched cannot be written anew either, not even with another mode.
  const conflict = text.conflict || metadata.conflict || (!content && !stays);
  if (conflict && choice === 'keep') return { do: 'settle' };
  if (conflict) {
    const target = { content: declared, ...metadataOf(spec) };
    const write = { do: 'write', target, merged: false, foreign: false, conflict: 'edited' } as const;
    return text.marked ? { ...write, marked: text.marked } : write;
  }
  if (stays || !content) return asIs(spec, state);
  const target = { content, ...metadata.wanted };
  if (hash(content) === state.sha256 && isSame(state, target)) return asIs(spec, state);
  return { do: 'write', target, merged: hash(content) !== hash(declared), foreign: false };
}

/** `content` is absent where what is there stays. */
function contentOf(
  declared: Buffer,
  state: FileState,
  last: Last,
  choice: DiffContext['choice'],
): { readonly content?: Buffer; readonly conflict?: true; readonly marked?: Buffer } {
  if (typeof choice === 'object') return { content: Buffer.from(choice.text) };
  const wanted = hash(declared);
  if ([wanted, last.sha256].includes(state.sha256) || choice === 'take') return { content: declared };
  if (last.sha256 === wanted) return {};
  const base = state.base && hash(state.base) === last.sha256 ? state.base : undefined;
  const merge = mergeText(base, declared, state.content);
  if (merge?.clean) return { content: merge.content };
  return { conflict: true, ...(merge ? { marked: merge.marked } : {}) };
}

/** Mode, owner and group each by themselves. */
function metadataFor(spec: FileSpec, state: FileState, last: Last, choice: DiffContext['choice']) {
  const wanted: Record<keyof Metadata, string> = metadataOf(spec);
  let conflict = false;
  for (const field of METADATA) {
    const base = last[field];
    const isEdited = base !== undefined && state[field] !== base && state[field] !== spec[field];
    if (!isEdited || choice === 'take') continue;
    if (base === spec[field]) wanted[field] = state[field];
    // Whoever edited the text in an editor has seen the rest in the plan.
    else if (typeof choice !== 'object') conflict = true;
  }
  return { wanted, conflict };
}

/** Nothing is to be done: because it is as declared, or because it was edited by hand and stays so. */
function asIs(spec: FileSpec, state: FileState): Decision {
  const edits = [
    ...(state.sha256 === hash(bytesOf(spec.content)) ? [] : ['edited by hand']),
    ...(isSame(state, spec)
      ? []
      : [`set to ${showMetadata(state)} by hand, declared as ${showMetadata(spec)}`]),
  ];
  return edits.length === 0 ? { do: 'nothing' } : { do: 'leave', edit: edits.join(', ') };
}

/** `0644 root:root`. */
export function showMetadata({ mode, owner, group }: Metadata): string {
  return `${mode} ${owner}:${group}`;
}

function lastOf(remembered: string | undefined): Last | undefined {
  if (!remembered) return undefined;
  // A fifth word says that it was a secret: that is for whoever observes.
  const [sha256 = '', mode, owner, group] = remembered.split(' ');
  return { sha256, mode, owner, group };
}

function metadataOf({ mode, owner, group }: Metadata): Metadata {
  return { mode, owner, group };
}

function isSame(one: Metadata, other: Metadata): boolean {
  return METADATA.every((field) => one[field] === other[field]);
}
