import { createHash } from 'node:crypto';
import { STATE_DIRECTORY } from '../../connect/program.ts';
import { HostError } from '../../errors.ts';
import { type Shell, sh } from '../../quote.ts';
import { Secret } from '../../secrets/secret.ts';
import { bytesOf, type Content } from './content.ts';
import { LARGEST_MERGED } from './merge.ts';
import { WRITTEN } from './written.ts';

/** Content of others up to this size is fetched to show a diff. Bytes. */
const SHOWN_CONTENT = 65_536;

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
  /** What hostwright wrote last, when that is neither what is there nor what is wanted, and the host still has it. */
  readonly base?: Buffer;
  /** A configuration file of a Debian package, as the package brought it. */
  readonly shipped?: true;
  /** It holds a secret, or did when hostwright wrote it last: its content is not fetched, and not shown. */
  readonly secret?: true;
}

interface Wanted {
  readonly path: string;
  readonly content: Content;
}

const ABSENT: FileState = {
  type: 'absent',
  description: 'nothing',
  mode: '',
  owner: '',
  group: '',
  sha256: '',
};

export function hash(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * One stat and one sha256sum for all; only files that differ cost processes of their own. -z keeps sha256sum from
 * writing names with a backslash in its own way. dpkg is asked once, and only about files that are not ours. Nothing that
 * is made of a secret goes there, not even a sum, and nothing of a file with a secret comes back but a sum.
 */
export function observeFiles(specs: readonly Wanted[]): Shell {
  const secret = specs.filter(({ content }) => content instanceof Secret).map(({ path }) => path);
  const wanted = specs
    .map(({ path, content }) => (content instanceof Secret ? '' : `${hash(content)}  ${path}`))
    .join('\n');
  const paths: Shell = sh`printf '%s\n' ${specs.map(({ path }) => path)}`;
  return sh`hw_wanted=${`\n${wanted}\n`}
hw_hidden=${`\n${secret.join('\n')}\n`}
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
  hw_last=$(id="file:$hw_path" awk -F'\t' '$1 == ENVIRON["id"] { last = $2 } END { print last }' ${`${STATE_DIRECTORY}/remembered`} 2>/dev/null)
  hw_base=\${hw_last%% *}
  hw_secret=; case $hw_last in *' secret') hw_secret=yes ;; esac
  case $hw_hidden in *"
$hw_path
"*) hw_secret=yes ;; esac
  hw_most=${SHOWN_CONTENT}
  if [ -n "$hw_base" ]; then
    hw_most=${LARGEST_MERGED}
    case $hw_wanted$hw_line in *"
$hw_base  $hw_path
"* | *"
$hw_base  $hw_path") ;; *) [ ! -f ${WRITTEN}/"$hw_base" ] || printf 'base\t%s\t%s\n' "$(base64 -w0 <${WRITTEN}/"$hw_base")" "$hw_path" ;; esac
  else
    [ -n "\${hw_shipped:-}" ] || hw_shipped=$(dpkg-query -W -f='\${Conffiles}\n' 2>/dev/null; echo end)
    hw_md5=$(md5sum <"$hw_path" | cut -c1-32)
    case $hw_shipped in *" $hw_path $hw_md5
"* | *" $hw_path $hw_md5 "*) printf 'shipped\t%s\n' "$hw_path" ;; esac
  fi
  [ -z "$hw_secret" ] || { printf 'secret\t%s\n' "$hw_path"; continue; }
  [ "$(stat -c %s -- "$hw_path")" -le "$hw_most" ] || continue
  printf 'old\t%s\t%s\n' "$(base64 -w0 <"$hw_path")" "$hw_path"
done`;
}

/** @throws {HostError} on output that is not understood. */
export function parseFiles(output: Buffer, specs: readonly Wanted[]): readonly FileState[] {
  const stats = new Map<string, FileState>();
  const sums = new Map<string, string>();
  const contents = { old: new Map<string, Buffer>(), base: new Map<string, Buffer>() };
  const marks = { shipped: new Set<string>(), secret: new Set<string>() };
  for (const line of output.toString('utf8').split('\n')) {
    const [label = '', ...fields] = line.split('\t');
    const [first = '', second = ''] = fields;
    if (label === 'stat') stats.set(...statOf(fields));
    else if (label === 'sum') sums.set(line.slice(4 + 64 + 2), line.slice(4, 4 + 64));
    else if (label === 'old' || label === 'base') contents[label].set(second, Buffer.from(first, 'base64'));
    else if (label === 'shipped' || label === 'secret') marks[label].add(first);
    else if (label !== '')
      throw new HostError(`The host's answer about files was not understood: ${line.slice(0, 200)}`);
  }
  return specs.map(({ path, content }) => {
    const state = stats.get(path);
    if (!state) return ABSENT;
    if (state.type !== 'file') return state;
    const sha256 = sums.get(path) ?? '';
    if (sha256 === hash(bytesOf(content))) return { ...state, sha256 };
    const base = contents.base.get(path);
    return {
      ...state,
      sha256,
      content: contents.old.get(path) ?? null,
      ...(base === undefined ? {} : { base }),
      ...(marks.shipped.has(path) ? { shipped: true as const } : {}),
      ...(marks.secret.has(path) ? { secret: true as const } : {}),
    };
  });
}

function statOf(fields: readonly string[]): [string, FileState] {
  const [description = '', mode = '', owner = '', group = '', , path = ''] = fields;
  const type = description === 'regular file' || description === 'regular empty file' ? 'file' : 'other';
  return [path, { type, description, mode: mode.padStart(4, '0'), owner, group, sha256: '' }];
}
