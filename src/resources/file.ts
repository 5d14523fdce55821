import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { absolutePath, fileMode } from '../compose/inputs.ts';
import { HostError } from '../errors.ts';
import { textDiff } from '../plan/text-diff.ts';
import { type Shell, sh } from '../quote.ts';
import { type DiffContext, type Difference, defineKind } from './kind.ts';
import { accountName } from './shared/account.ts';

/** Old content up to this size is fetched to show a diff. Bytes. */
const SHOWN_CONTENT = 65_536;

const schema = z.strictObject({
  path: absolutePath(),
  content: z.string(),
  mode: fileMode().default('0644'),
  owner: accountName().default('root'),
  group: accountName().default('root'),
});

type FileSpec = z.output<typeof schema>;

/** What stands at the path. */
export interface FileState {
  readonly type: 'absent' | 'file' | 'other';
  /** For people: `directory`, `symbolic link`. */
  readonly description: string;
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  readonly sha256: string;
  /** Only when it differs from what is wanted; null when it is too large. */
  readonly content?: Buffer | null;
}

const ABSENT: FileState = {
  type: 'absent',
  description: 'nothing',
  mode: '',
  owner: '',
  group: '',
  sha256: '',
};

/** A file with known content: literal, or rendered from a template. */
export const kind = defineKind({
  name: 'file',
  describe: 'A file with known content, written atomically, its original kept.',
  schema,
  key: ({ path }) => path,

  // One stat and one sha256sum for all; only files that differ cost a process of their own. -z keeps sha256sum from
  // writing names with a backslash in its own way.
  observe: (specs) => {
    const wanted = specs.map(({ path, content }) => `${hash(content)}  ${path}`).join('\n');
    const paths: Shell = sh`printf '%s\n' ${specs.map(({ path }) => path)}`;
    return sh`hw_wanted=${`\n${wanted}\n`}
hw_regular=$(${paths} | while IFS= read -r hw_path; do
  [ -f "$hw_path" ] && [ ! -L "$hw_path" ] && printf '%s\n' "$hw_path"
done)
${paths} | tr '\n' '\0' | xargs -0 -r stat --printf 'stat\t%F\t%a\t%U\t%G\t%s\t%n\n' -- 2>/dev/null
[ -n "$hw_regular" ] || exit 0
hw_sums=$(printf '%s\n' "$hw_regular" | tr '\n' '\0' | xargs -0 -r sha256sum -z -- | tr '\0' '\n')
printf '%s\n' "$hw_sums" | sed 's/^/sum\t/'
printf '%s\n' "$hw_sums" | while IFS= read -r hw_line; do
  case $hw_wanted in *"
$hw_line
"*) continue ;; esac
  hw_path=\${hw_line#*  }
  [ "$(stat -c %s -- "$hw_path")" -le ${SHOWN_CONTENT} ] || continue
  printf 'old\t%s\t%s\n' "$(base64 -w0 <"$hw_path")" "$hw_path"
done`;
  },

  parse: (output, specs) => {
    const stats = new Map<string, FileState>();
    const sums = new Map<string, string>();
    const contents = new Map<string, Buffer>();
    for (const line of output.toString('utf8').split('\n')) {
      const [label = '', ...fields] = line.split('\t');
      if (label === 'stat') {
        const [description = '', mode = '', owner = '', group = '', , path = ''] = fields;
        const type =
          description === 'regular file' || description === 'regular empty file' ? 'file' : 'other';
        stats.set(path, { type, description, mode: mode.padStart(4, '0'), owner, group, sha256: '' });
      } else if (label === 'sum') {
        sums.set(line.slice(4 + 64 + 2), line.slice(4, 4 + 64));
      } else if (label === 'old') {
        contents.set(fields[1] ?? '', Buffer.from(fields[0] ?? '', 'base64'));
      } else if (label !== '') {
        throw new HostError(`The host's answer about files was not understood: ${line.slice(0, 200)}`);
      }
    }
    return specs.map(({ path, content }) => {
      const state = stats.get(path);
      if (!state) return ABSENT;
      if (state.type !== 'file') return state;
      const sha256 = sums.get(path) ?? '';
      return {
        ...state,
        sha256,
        ...(sha256 === hash(content) ? {} : { content: contents.get(path) ?? null }),
      };
    });
  },

  diff: (spec, state, context) => {
    const after = Buffer.from(spec.content);
    if (state.type === 'absent')
      return { action: 'create', summary: `write ${after.length} bytes`, diff: textDiff(undefined, after) };
    if (state.description === 'directory') {
      throw new HostError(`${spec.path} is a directory: hostwright does not put a file in its place.`, {
        hint: 'Move it away by hand, or declare another path.',
      });
    }
    if (state.type === 'other') {
      return {
        action: 'update',
        summary: `replace the ${state.description} there by a file`,
        ...ownership(state, context, false),
      };
    }
    const metadata = metadataDifference(spec, state);
    if (state.sha256 === hash(spec.content)) {
      if (!metadata) return undefined;
      return { action: 'update', summary: metadata, ...ownership(state, context, true) };
    }
    return {
      action: 'update',
      summary: metadata ? `change the content, ${metadata}` : 'change the content',
      diff: textDiff(state.content, after),
      ...ownership(state, context, false),
    };
  },

  step: (spec, state) => {
    const { path, mode, owner, group, content } = spec;
    const sha256 = hash(content);
    const bytes = Buffer.from(content);
    return {
      converged: sh`hw_is_file "$P"${path} ${sha256} ${bareMode(mode)} ${owner} ${group}`,
      unmoved:
        state.type === 'absent'
          ? sh`[ ! -e ${path} ] && [ ! -L ${path} ]`
          : state.type === 'file'
            ? sh`hw_is_file ${path} ${state.sha256} ${bareMode(state.mode)} ${state.owner} ${state.group}`
            : sh`[ "$(stat -c %F -- ${path})" = ${state.description} ]`,
      record: sh`hw_keep ${path}`,
      change: sh`[ -d "$P"${parent(path)} ] || hw_fail ${`The folder ${parent(path)} does not exist.`}
hw_put "$HW_BLOBS"/${sha256} "$P"${path} ${mode} ${owner} ${group}`,
      undo: sh`hw_restore ${path}`,
      blobs: [{ sha256, size: bytes.length, open: () => Readable.from([bytes]) }],
      remember: sha256,
    };
  },
});

/** What hostwright may do without asking: what it wrote itself and nobody touched since. */
function ownership(
  state: FileState,
  { remembered, adopted }: DiffContext,
  sameContent: boolean,
): Partial<Difference> {
  if (remembered === undefined)
    return adopted ? { touchesForeign: true } : { conflict: 'adopt', touchesForeign: true };
  return remembered === state.sha256 || sameContent ? {} : { conflict: 'edited' };
}

function metadataDifference(spec: FileSpec, state: FileState): string | undefined {
  const wanted = `${spec.mode} ${spec.owner}:${spec.group}`;
  const found = `${state.mode} ${state.owner}:${state.group}`;
  return wanted === found ? undefined : `set ${wanted} (was ${found})`;
}

/** stat(1) prints modes without leading zeros. */
function bareMode(mode: string): string {
  return mode.replace(/^0+(?=.)/, '');
}

function parent(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function hash(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
