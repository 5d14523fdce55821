import { z } from 'zod';
import { absolutePath, fileMode } from '../compose/inputs.ts';
import { HostError } from '../errors.ts';
import { textDiff } from '../plan/text-diff.ts';
import { Secret } from '../secrets/secret.ts';
import { decide, showMetadata, type Target } from './file/decide.ts';
import { type FileState, hash, observeFiles, parseFiles } from './file/observe.ts';
import { fileStep } from './file/step.ts';
import { pruneWritten } from './file/written.ts';
import { type Difference, defineKind } from './kind.ts';
import { accountName } from './shared/account.ts';

const schema = z.strictObject({
  path: absolutePath(),
  content: z.union([z.string(), z.instanceof(Secret)]),
  mode: fileMode().default('0644'),
  owner: accountName().default('root'),
  group: accountName().default('root'),
  /** A package of this very run brings a configuration file of that path: it is replaced as the package brought it. */
  brought: z.literal(true).optional(),
});

export type FileSpec = z.output<typeof schema>;

/**
 * A file with known content: literal, or rendered from a template. Edits by hand are merged with what is declared. What a
 * secret is part of is never shown, and not merged either.
 */
export const kind = defineKind({
  name: 'file',
  describe: 'A file with known content, written atomically, its original kept.',
  schema,
  key: ({ path }) => path,

  observe: observeFiles,
  parse: parseFiles,

  diff: (spec, state, context): Difference | undefined => {
    if (state.description === 'directory') {
      throw new HostError(`${spec.path} is a directory: hostwright does not put a file in its place.`, {
        hint: 'Move it away by hand, or declare another path.',
      });
    }
    const decision = decide(spec, state, context);
    if (decision.do === 'nothing' || decision.do === 'leave') return undefined;
    if (decision.do === 'settle') {
      return { action: 'update', summary: 'keep the edit made by hand, from now on', settles: true };
    }
    const { target, merged, foreign, conflict, marked } = decision;
    // Of a secret not even its length is told.
    const isSecret = spec.content instanceof Secret;
    const shown = isSecret ? undefined : diffOf(state, marked ?? target.content);
    return {
      action: state.type === 'absent' ? 'create' : 'update',
      summary:
        isSecret && state.type === 'absent'
          ? 'write it, with what the vault has'
          : summary(state, target, merged),
      ...(shown === undefined ? {} : { diff: shown }),
      ...(conflict ? { conflict } : {}),
      ...(marked && isUtf8(marked) ? { marked: marked.toString() } : {}),
      ...(foreign ? { touchesForeign: true } : {}),
    };
  },

  step: (spec, state, context = { adopted: true }) => fileStep(spec, state, decide(spec, state, context)),

  drift: (spec, state, context) => {
    const decision = decide(spec, state, context);
    return decision.do === 'leave' ? decision.edit : undefined;
  },

  finish: pruneWritten,
});

function diffOf(state: FileState, after: Buffer): string | undefined {
  if (state.type === 'other' || state.secret || state.sha256 === hash(after)) return undefined;
  return textDiff(state.type === 'absent' ? undefined : state.content, after);
}

function summary(state: FileState, target: Target, merged: boolean): string {
  if (state.type === 'absent') return `write ${target.content.length} bytes`;
  if (state.type === 'other') return `replace the ${state.description} there by a file`;
  const [wanted, found] = [showMetadata(target), showMetadata(state)];
  const metadata = wanted === found ? [] : [`set ${wanted} (was ${found})`];
  if (hash(target.content) === state.sha256) return metadata.join();
  const content = merged ? 'change the content, and keep what was edited by hand' : 'change the content';
  return [content, ...metadata].join(', ');
}

function isUtf8(content: Buffer): boolean {
  return Buffer.from(content.toString()).equals(content);
}
