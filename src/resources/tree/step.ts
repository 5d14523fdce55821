import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path/posix';
import { Readable } from 'node:stream';
import { STATE_DIRECTORY } from '../../connect/program.ts';
import { joinShell, type Shell, sh } from '../../quote.ts';
import type { Blob, Choice, Step } from '../kind.ts';
import type { TreeSpec } from '../tree.ts';
import { compareTree, foldersOf, type TreeComparison, type TreeState } from './compare.ts';

/** What runs on the host to bring an uploaded folder to its source's state. */
export function treeStep(spec: TreeSpec, state: TreeState, choice?: Choice): Step {
  const comparison = compareTree(spec, state, choice);
  const lists = listsOf(spec, state, comparison);
  const { upload, remove } = comparison;
  const key = keyOf(spec);
  return {
    converged: converged(spec, comparison, lists),
    unmoved: unmoved(spec, state, comparison, lists),
    record: sh`cp -- "$HW_BLOBS"/${lists.created.name} "$HW_BEFORE/created"
cp -- "$HW_BLOBS"/${lists.newFolders.name} "$HW_BEFORE/folders"
cp -- "$HW_BLOBS"/${lists.old.name} "$HW_BEFORE/old"
[ ! -e ${manifestPath(spec.path)} ] || cp -- ${manifestPath(spec.path)} "$HW_BEFORE/manifest"
[ -d ${spec.path} ] || : >"$HW_BEFORE/root-absent"
[ ! -s "$HW_BLOBS"/${lists.old.name} ] || {
  tar -C ${spec.path} --format=posix --acls --xattrs --no-recursion --numeric-owner -cf "$HW_BEFORE/old.tar" --null -T "$HW_BLOBS"/${lists.old.name}
  sync -- "$HW_BEFORE/old.tar"
}
[ ! -s "$HW_BLOBS"/${lists.fixed.name} ] || {
  cd -- ${spec.path}
  xargs -0 -r stat --printf '%a %u:%g %n\0' -- <"$HW_BLOBS"/${lists.fixed.name} >"$HW_BEFORE/modes"
  sync -- "$HW_BEFORE/modes"
}`,
    change: sh`mkdir -p -m 700 -- ${join(STATE_DIRECTORY, 'trees')}
hw_put "$HW_BLOBS"/${lists.during.name} ${manifestPath(spec.path)} 0600 root root
[ -d ${spec.path} ] || install -d -m ${spec.directoryMode} -o ${spec.owner} -g ${spec.group} -- ${spec.path}
cd -- ${spec.path}
${clearTheWay(state, comparison)}
xargs -0 -r install -d -m ${spec.directoryMode} -o ${spec.owner} -g ${spec.group} -- <"$HW_BLOBS"/${lists.newFolders.name}
${upload.length === 0 ? sh`` : stageUploads(spec, comparison)}
${joinShell(comparison.fix.map(({ path, executable }) => sh`chown -h -- ${`${spec.owner}:${spec.group}`} ${`./${path}`}; chmod -- ${modeOf(spec, executable)} ${`./${path}`}`))}
${joinShell(later(comparison).map((path) => sh`rm -f -- ${`./${path}`}`))}
${joinShell(emptied(remove).map((path) => sh`rmdir --ignore-fail-on-non-empty -p -- ${path} 2>/dev/null || :`))}
hw_put "$HW_BLOBS"/${lists.after.name} ${manifestPath(spec.path)} 0600 root root`,
    after: sh`[ ! -d ${spec.path} ] || { cd -- ${spec.path} && ${placedSums} >"$HW_BEFORE/left"; }`,
    undo: sh`if [ -d ${spec.path} ]; then
  cd -- ${spec.path}
${refuseLinks(spec.path)}
${saveEdited(spec.path)}
  xargs -0 -r rm -f -- <"$HW_BEFORE/created"
  sort -rz -- "$HW_BEFORE/folders" | xargs -0 -r rmdir --ignore-fail-on-non-empty -- 2>/dev/null || :
fi
[ ! -e "$HW_BEFORE/old.tar" ] || tar -C ${spec.path} --acls --xattrs --xattrs-include='*' --numeric-owner --overwrite -xpf "$HW_BEFORE/old.tar"
[ ! -s "$HW_BEFORE/modes" ] || (cd -- ${spec.path} && ${restoreModes})
if [ -e "$HW_BEFORE/manifest" ]; then hw_put "$HW_BEFORE/manifest" ${manifestPath(spec.path)} 0600 root root; else rm -f -- ${manifestPath(spec.path)}; fi
if [ -e "$HW_BEFORE/root-absent" ]; then
  rmdir -- ${spec.path} 2>/dev/null || :
  [ ! -e ${spec.path} ] || hw_keep_data ${spec.path} 'since it holds files that came later'
elif [ ! -e "$HW_BEFORE/manifest" ] && [ -n "$(find ${spec.path} -mindepth 1 -print -quit 2>/dev/null)" ]; then
  hw_stays ${spec.path} 'since it holds files that hostwright did not put there'
fi`,
    blobs: [
      ...Object.values(lists),
      ...upload.map((file, index): Blob => {
        const { path, sha256, size } = file;
        const name = uploadName(key, file, index);
        return { name, sha256, size, open: () => createReadStream(join(spec.folder.path, path)) };
      }),
    ],
    remember: '1',
  };
}

/** Whom the folder belongs to may have put a link in the place of one in it: through that, nothing is taken or put back. */
function refuseLinks(path: string): Shell {
  return sh`  [ ! -L ${path} ] || hw_fail ${`${path} is a link by now: it is not followed. Remove the link, then do this again.`}
  hw_links=$(cat -- "$HW_BEFORE/created" "$HW_BEFORE/old" "$HW_BEFORE/folders" | xargs -0 -r sh -c 'for hw_name do
  while hw_name=\${hw_name%/*}; [ "$hw_name" != . ]; do [ ! -L "$hw_name" ] || printf "%s\n" "$hw_name"; done
done' sh | sort -u)
  [ -z "$hw_links" ] || hw_fail "In "${path}" these folders are links by now, which are not followed: $hw_links. Remove the links, then do this again."`;
}

/** Names with sums of what the step placed, as it is now; the folder is the current one. */
const placedSums = sh`cat -- "$HW_BEFORE/created" "$HW_BEFORE/old" | { xargs -0 -r sha256sum -z -- 2>/dev/null || :; } | LC_ALL=C sort -z`;

/** Puts aside what was placed by this step and edited since. No name of ours holds a newline. */
function saveEdited(path: string): Shell {
  return sh`  if [ -e "$HW_BEFORE/left" ]; then
    ${placedSums} | LC_ALL=C comm -z -23 - "$HW_BEFORE/left" | cut -z -c67- | tr '\0' '\n' | while IFS= read -r hw_name; do
      hw_save ${path}/"\${hw_name#./}" || exit 1
    done
  fi`;
}

/** Of what got another mode or owner only that is saved, not its content. A change of owner takes bits of the mode away. */
const restoreModes = sh`xargs -0 -r sh -c 'for hw_entry do
  hw_mode=\${hw_entry%% *}; hw_entry=\${hw_entry#* }; hw_name=\${hw_entry#* }
  [ -f "$hw_name" ] && [ ! -L "$hw_name" ] || continue
  chown -h -- "\${hw_entry%% *}" "$hw_name" && chmod -- "$hw_mode" "$hw_name" || exit 1
done' sh <"$HW_BEFORE/modes"`;

/** Where the host keeps the list of what is ours below `path`. */
export function manifestPath(path: string): string {
  return join(STATE_DIRECTORY, 'trees', hash(path).slice(0, 32));
}

type Lists = ReturnType<typeof listsOf>;

/** Lists of paths travel as blobs: their number has no limit, their names no meaning to a shell. */
function listsOf(spec: TreeSpec, state: TreeState, { upload, remove, fix }: TreeComparison) {
  const key = keyOf(spec);
  const touched = [...upload, ...fix];
  const fixed = fix.map(({ path }) => path);
  const typeOf = (path: string): string | undefined => state.entries.get(path)?.type;
  const overwritten = [...upload.map(({ path }) => path), ...remove].filter(
    (path) => typeOf(path) !== undefined,
  );
  const newFolders = foldersAbove(upload).filter((path) => typeOf(path) !== 'd');
  const sums = [...overwritten, ...fixed]
    .filter((path) => typeOf(path) === 'f')
    .map((path) => sumLine(state.entries.get(path)?.sha256 ?? '', path));
  const paths = (name: string, list: readonly string[]) =>
    textBlob(`${key}.${name}`, list.map((path) => `./${path}\0`).join(''));
  const withMode = (wanted: boolean) =>
    touched.filter(({ executable }) => executable === wanted).map(({ path }) => path);
  return {
    check: textBlob(`${key}.check`, upload.map(({ path, sha256 }) => sumLine(sha256, path)).join('')),
    before: textBlob(`${key}.before`, sums.join('')),
    during: textBlob(`${key}.during`, manifest(spec, state, touched, 'during')),
    after: textBlob(`${key}.after`, manifest(spec, state, touched, 'after')),
    plain: paths('plain', withMode(false)),
    executable: paths('executable', withMode(true)),
    old: paths('old', overwritten),
    fixed: paths('fixed', fixed),
    created: paths(
      'created',
      upload.map(({ path }) => path).filter((path) => ['d', undefined].includes(typeOf(path))),
    ),
    newFolders: paths('folders', newFolders),
  };
}

function converged(spec: TreeSpec, comparison: TreeComparison, lists: Lists): Shell {
  const { upload, inTheWay, fix } = comparison;
  const hasMode = (executable: boolean, list: string): Shell => {
    const number = [...upload, ...fix].filter((file) => file.executable === executable).length;
    const mode = modeOf(spec, executable).replace(/^0+(?=.)/, '');
    const wanted = number === 0 ? '' : `${number} ${mode} ${spec.owner} ${spec.group}`;
    return sh`[ "$(xargs -0 -r stat -c '%a %U %G' -- <"$HW_BLOBS"/${list} 2>/dev/null | sort | uniq -c | sed 's/^ *//')" = ${wanted} ] || exit 1`;
  };
  return sh`cd -- ${spec.path} 2>/dev/null || exit 1
[ ! -s "$HW_BLOBS"/${lists.check.name} ] || sha256sum --status --strict -c "$HW_BLOBS"/${lists.check.name} 2>/dev/null || exit 1
${comparison.settled.length === 0 ? sh`` : sh`cmp -s -- "$HW_BLOBS"/${lists.after.name} ${manifestPath(spec.path)} || exit 1`}
${hasMode(false, lists.plain.name)}
${hasMode(true, lists.executable.name)}
${joinShell(later(comparison).map((path) => sh`${isAbsent(`./${path}`)} || exit 1`))}
${joinShell(inTheWay.map((path) => sh`{ [ ! -f ${`./${path}`} ] && [ ! -L ${`./${path}`} ]; } || exit 1`))}`;
}

/** No path that is written to may lead through a link: that would be somewhere else. */
function unmoved(spec: TreeSpec, { entries }: TreeState, { upload }: TreeComparison, lists: Lists): Shell {
  const arriving = upload.map(({ path }) => ({ path: join(spec.path, path), type: entries.get(path)?.type }));
  return sh`[ ! -L ${spec.path} ] || exit 1
[ ! -s "$HW_BLOBS"/${lists.before.name} ] || { cd -- ${spec.path} && sha256sum --status --strict -c "$HW_BLOBS"/${lists.before.name}; } || exit 1
${joinShell(foldersAbove(upload).map((path) => sh`[ ! -L ${join(spec.path, path)} ] || exit 1`))}
${joinShell(
  arriving.flatMap(({ path, type }) => {
    if (type === undefined) return [sh`${isAbsent(path)} || exit 1`];
    return type === 'f' ? [] : [sh`[ "$(find ${path} -maxdepth 0 -printf %y)" = ${type} ] || exit 1`];
  }),
)}`;
}

function isAbsent(path: string): Shell {
  return sh`{ [ ! -e ${path} ] && [ ! -L ${path} ]; }`;
}

/** What is removed once its successors are in place: a page's old pictures after the page. */
function later({ remove, inTheWay }: TreeComparison): readonly string[] {
  return remove.filter((path) => !inTheWay.includes(path));
}

/** Of ours alone: a file where a folder comes, and all that is in a folder where a file comes. */
function clearTheWay(state: TreeState, { inTheWay, upload }: TreeComparison): Shell {
  const folders = upload.filter(({ path }) => state.entries.get(path)?.type === 'd');
  return joinShell([
    ...inTheWay.map((path) => sh`rm -f -- ${`./${path}`}`),
    ...folders.map(({ path }) => sh`find ${`./${path}`} -depth -type d -empty -delete`),
  ]);
}

/**
 * One process for all files where one will do; then a rename each, which is what makes a file appear whole or not at
 * all. So they wait on the same file system: beside the folder, or in it when it is a file system of its own.
 */
function stageUploads(spec: TreeSpec, { upload }: TreeComparison): Shell {
  const key = keyOf(spec);
  const parent = join(spec.path, '..');
  const prefix = `.hostwright-${key}-`;
  return sh`rm -rf -- ${join(parent, prefix)}* ${join(spec.path, prefix)}*
(
hw_at=${parent}; if mountpoint -q -- ${spec.path}; then hw_at=${spec.path}; fi
hw_enter_new "$hw_at" ${`${key}-`} || hw_fail ${`The files could not be put down beside ${spec.path}.`}
trap 'cd -P -- .. && rm -rf -- "$hw_new"' EXIT
find "$HW_BLOBS" -maxdepth 1 -name ${`${key}.file.*`} -print0 | xargs -0 mv -t . --
find . -type f -exec chown ${`${spec.owner}:${spec.group}`} -- {} + -exec chmod ${spec.fileMode} -- {} +
find . -type f -name '*.x' -exec chmod ${modeOf(spec, true)} -- {} +
find . -type f -exec sync -- {} +
${joinShell(upload.map((file, index) => sh`mv -fT -- ${uploadName(key, file, index)} ${join(spec.path, file.path)}`))}
)`;
}

/** Ends in `.x` when the file is to be executable. */
function uploadName(key: string, { executable }: TreeComparison['upload'][number], index: number): string {
  return `${key}.file.${index}${executable ? '.x' : ''}`;
}

/**
 * What is ours on the host: what was so before, and what this step touches. What was there and is the same by chance is
 * not. While the change is under way a path may be ours with its old and its new content.
 */
function manifest(
  { folder }: TreeSpec,
  { placed }: TreeState,
  touched: readonly { readonly path: string }[],
  when: 'during' | 'after',
): string {
  const now = new Set(touched.map(({ path }) => path));
  const wanted = folder.files
    .filter(({ path }) => now.has(path) || placed.has(path))
    .map(({ sha256, path }) => `${sha256}\t${path}\0`);
  const before = [...placed].flatMap(([path, sums]) => [...sums].map((sum) => `${sum}\t${path}\0`));
  return [...(when === 'during' ? before : []), ...wanted].join('');
}

/** A line for `sha256sum -c`, which escapes backslashes in names (coreutils manual, “cksum output modes”). */
function sumLine(sha256: string, path: string): string {
  return path.includes('\\') ? `\\${sha256}  ./${path.replaceAll('\\', '\\\\')}\n` : `${sha256}  ./${path}\n`;
}

function textBlob(name: string, text: string): Blob & { readonly name: string } {
  const bytes = Buffer.from(text);
  return {
    name,
    sha256: hash(text),
    size: bytes.length,
    open: () => Readable.from(bytes.length > 0 ? [bytes] : []),
  };
}

/** The folders that uploads need, outermost first. */
function foldersAbove(upload: TreeComparison['upload']): readonly string[] {
  return [...new Set(upload.flatMap(({ path }) => foldersOf(path)))].sort();
}

/** Folders that may have become empty, deepest first. */
function emptied(remove: readonly string[]): string[] {
  const parents = remove.map((path) => path.slice(0, Math.max(0, path.lastIndexOf('/')))).filter(Boolean);
  return [...new Set(parents)].sort((a, b) => b.length - a.length).map((path) => `./${path}`);
}

function modeOf(spec: TreeSpec, executable: boolean): string {
  return executable ? '0755' : spec.fileMode;
}

function keyOf({ path }: TreeSpec): string {
  return hash(path).slice(0, 16);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
