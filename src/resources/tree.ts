import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path/posix';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { absolutePath, fileMode, userName } from '../compose/inputs.ts';
import { STATE_DIRECTORY } from '../connect/program.ts';
import { HostError } from '../errors.ts';
import type { Folder } from '../host/folder.ts';
import { joinShell, type Shell, sh } from '../quote.ts';
import { type Blob, defineKind } from './kind.ts';
import { compareTree, type TreeComparison, type TreeEntry, type TreeState } from './tree/compare.ts';

const schema = z.strictObject({
  path: absolutePath(),
  folder: z.custom<Folder>(
    (value) => typeof value === 'object' && value !== null && 'files' in value,
    'a scanned folder',
  ),
  owner: userName().default('root'),
  group: userName().default('root'),
  fileMode: fileMode().default('0644'),
  directoryMode: fileMode().default('0755'),
});

type TreeSpec = z.output<typeof schema>;

/** A local folder uploaded to the host. Files that hostwright placed and the source lost are removed, others are kept. */
export const kind = defineKind({
  name: 'tree',
  describe: 'A folder uploaded from this computer; files of others in it are kept and reported.',
  schema,
  key: ({ path }) => path,

  // Names may hold anything but control characters; base64 keeps each listing on a line of its own.
  observe: (specs) =>
    joinShell(
      specs.map(
        ({
          path,
        }) => sh`find ${path} -xdev -mindepth 1 -printf '%y\t%m\t%u\t%g\t%P\0' 2>/dev/null | base64 -w0; echo
[ -d ${path} ] && (cd -- ${path} && find . -xdev -type f -printf '%P\0' | xargs -0 -r sha256sum -z --) | base64 -w0; echo
cat -- ${manifestPath(path)} 2>/dev/null | base64 -w0; echo`,
      ),
    ),

  parse: (output, specs) => {
    const lines = output.toString('latin1').split('\n');
    return specs.map((_, index): TreeState => {
      const [listing, sums, manifest] = [0, 1, 2].map((part) => {
        const line = lines[index * 3 + part];
        if (line === undefined)
          throw new HostError('The host’s answer about an uploaded folder is incomplete.');
        return Buffer.from(line, 'base64').toString('utf8').split('\0').filter(Boolean);
      });
      return { entries: entries(listing ?? [], sums ?? []), placed: placed(manifest ?? []) };
    });
  },

  diff: (spec, state, { adopted }) => {
    const comparison = compareTree(spec, state);
    if (comparison.upload.length + comparison.remove.length + comparison.fix.length === 0) return undefined;
    return {
      action: state.placed.size === 0 ? 'create' : 'update',
      summary: summary(comparison),
      diff: [
        ...comparison.upload.map(({ path }) => `${state.entries.has(path) ? '~' : '+'} ${path}`),
        ...comparison.remove.map((path) => `- ${path}`),
        ...comparison.fix.map(({ path, found, wanted }) => `~ ${path}: set ${wanted} (was ${found})`),
      ].join('\n'),
      ...(comparison.foreign.length > 0
        ? adopted
          ? { touchesForeign: true }
          : { conflict: 'adopt' as const, touchesForeign: true }
        : comparison.edited.length > 0
          ? { conflict: 'edited' as const }
          : {}),
    };
  },

  notes: (spec, state) => {
    const { kept } = compareTree(spec, state);
    if (kept.length === 0) return [];
    const some = kept.slice(0, 3).join(', ');
    return [
      `${spec.path} holds ${count(kept.length, 'file')} that hostwright did not place: kept (${some}${kept.length > 3 ? ', …' : ''}).`,
    ];
  },

  step: (spec, state) => {
    const comparison = compareTree(spec, state);
    const { upload, remove, fix } = comparison;
    const key = hash(spec.path).slice(0, 16);
    const stage = join(spec.path, '..', `.hostwright-${key}`);
    const touched = [...upload.map(({ path }) => path), ...fix.map(({ path }) => path)];
    const overwritten = [...upload.map(({ path }) => path), ...remove, ...fix.map(({ path }) => path)].filter(
      (path) => state.entries.has(path),
    );
    const checkList = upload.map(({ path, sha256 }) => sumLine(sha256, path)).join('');
    const beforeList = overwritten
      .map((path) => sumLine(state.entries.get(path)?.sha256 ?? '', path))
      .join('');
    const blobs = {
      check: textBlob(`${key}.check`, checkList),
      before: textBlob(`${key}.before`, beforeList),
      during: textBlob(`${key}.during`, manifest(spec, state, 'during')),
      after: textBlob(`${key}.after`, manifest(spec, state, 'after')),
      touched: textBlob(`${key}.touched`, touched.map((path) => `${path}\0`).join('')),
      old: textBlob(`${key}.old`, overwritten.map((path) => `${path}\0`).join('')),
      created: textBlob(
        `${key}.created`,
        upload
          .filter(({ path }) => !state.entries.has(path))
          .map(({ path }) => `${path}\0`)
          .join(''),
      ),
      folders: textBlob(
        `${key}.folders`,
        folders(upload)
          .map((path) => `${path}\0`)
          .join(''),
      ),
    };
    const touchedSet = new Set(touched);
    const metadata = new Set(
      spec.folder.files
        .filter(({ path }) => touchedSet.has(path))
        .map((file) => `${mode(spec, file.executable).replace(/^0+(?=.)/, '')} ${spec.owner} ${spec.group}`),
    );
    return {
      converged: sh`cd -- ${spec.path} 2>/dev/null || exit 1
[ ! -s "$HW_BLOBS"/${blobs.check.name} ] || sha256sum --status --strict -c "$HW_BLOBS"/${blobs.check.name} 2>/dev/null || exit 1
[ "$(xargs -0 -r stat -c '%a %U %G' -- <"$HW_BLOBS"/${blobs.touched.name} 2>/dev/null | sort -u)" = ${[...metadata].sort().join('\n')} ] || exit 1
${joinShell(remove.map((path) => sh`[ ! -e ${`./${path}`} ] || exit 1`))}`,
      unmoved: sh`[ ! -s "$HW_BLOBS"/${blobs.before.name} ] || { cd -- ${spec.path} && sha256sum --status --strict -c "$HW_BLOBS"/${blobs.before.name}; } || exit 1
${joinShell(upload.filter(({ path }) => !state.entries.has(path)).map(({ path }) => sh`[ ! -e ${join(spec.path, path)} ] || exit 1`))}`,
      record: sh`cp -- "$HW_BLOBS"/${blobs.created.name} "$HW_BEFORE/created"
[ ! -e ${manifestPath(spec.path)} ] || cp -- ${manifestPath(spec.path)} "$HW_BEFORE/manifest"
[ -d ${spec.path} ] || : >"$HW_BEFORE/root-absent"
[ ! -s "$HW_BLOBS"/${blobs.old.name} ] || tar -C ${spec.path} --no-recursion --numeric-owner -cf "$HW_BEFORE/old.tar" --null -T "$HW_BLOBS"/${blobs.old.name}`,
      change: sh`mkdir -p -m 700 -- ${join(STATE_DIRECTORY, 'trees')}
hw_put "$HW_BLOBS"/${blobs.during.name} ${manifestPath(spec.path)} 0600 root root
[ -d ${spec.path} ] || install -d -m ${spec.directoryMode} -o ${spec.owner} -g ${spec.group} -- ${spec.path}
cd -- ${spec.path}
xargs -0 -r install -d -m ${spec.directoryMode} -o ${spec.owner} -g ${spec.group} -- <"$HW_BLOBS"/${blobs.folders.name}
rm -rf -- ${stage}
mkdir -m 700 -- ${stage}
${upload.length === 0 ? sh`` : stageUploads(spec, key, stage, comparison)}
rmdir -- ${stage}
${joinShell(fix.map(({ path, executable }) => sh`chown -h -- ${`${spec.owner}:${spec.group}`} ${`./${path}`}; chmod -- ${mode(spec, executable)} ${`./${path}`}`))}
${joinShell(remove.map((path) => sh`rm -f -- ${`./${path}`}`))}
${joinShell(emptied(remove).map((path) => sh`rmdir --ignore-fail-on-non-empty -p -- ${path} 2>/dev/null || :`))}
hw_put "$HW_BLOBS"/${blobs.after.name} ${manifestPath(spec.path)} 0600 root root`,
      undo: sh`if [ -d ${spec.path} ]; then cd -- ${spec.path}; xargs -0 -r rm -f -- <"$HW_BEFORE/created"; fi
[ ! -e "$HW_BEFORE/old.tar" ] || tar -C ${spec.path} --numeric-owner --overwrite -xpf "$HW_BEFORE/old.tar"
if [ -e "$HW_BEFORE/manifest" ]; then hw_put "$HW_BEFORE/manifest" ${manifestPath(spec.path)} 0600 root root; else rm -f -- ${manifestPath(spec.path)}; fi
if [ -e "$HW_BEFORE/root-absent" ]; then find ${spec.path} -depth -type d -empty -delete 2>/dev/null || :; fi`,
      blobs: [
        ...Object.values(blobs),
        ...upload.map(
          ({ path, sha256, size }, index): Blob => ({
            name: `${key}.file.${index}`,
            sha256,
            size,
            open: () => createReadStream(join(spec.folder.path, path)),
          }),
        ),
      ],
      remember: '1',
    };
  },
});

/** One process for all files where one will do; then a rename each, which is what makes a file appear whole or not at all. */
function stageUploads(spec: TreeSpec, key: string, stage: string, { upload }: TreeComparison): Shell {
  const executables = upload.flatMap(({ executable }, index) =>
    executable ? [`./${key}.file.${index}`] : [],
  );
  return sh`cd -- "$HW_BLOBS"
find . -name ${`${key}.file.*`} -print0 | xargs -0 mv -t ${stage} --
cd -- ${stage}
find . -type f -exec chown ${`${spec.owner}:${spec.group}`} -- {} + -exec chmod ${spec.fileMode} -- {} +
${executables.length === 0 ? sh`` : sh`chmod ${mode(spec, true)} -- ${executables}`}
find . -type f -exec sync -- {} +
${joinShell(upload.map(({ path }, index) => sh`mv -fT -- ${`${key}.file.${index}`} ${join(spec.path, path)}`))}
cd -- ${spec.path}`;
}

/** What is ours on the host. While the change is under way a path may be ours with its old and its new content. */
function manifest(spec: TreeSpec, state: TreeState, when: 'during' | 'after'): string {
  const wanted = spec.folder.files.map(({ sha256, path }) => `${sha256}\t${path}\0`);
  const before = [...state.placed].flatMap(([path, sums]) => [...sums].map((sum) => `${sum}\t${path}\0`));
  return [...(when === 'during' ? before : []), ...wanted].join('');
}

function manifestPath(path: string): string {
  return join(STATE_DIRECTORY, 'trees', hash(path).slice(0, 32));
}

function entries(listing: readonly string[], sums: readonly string[]): Map<string, TreeEntry> {
  const hashes = new Map(sums.map((line) => [line.slice(66), line.slice(0, 64)]));
  return new Map(
    listing.map((line) => {
      const [type = '', mode = '', owner = '', group = '', ...rest] = line.split('\t');
      const path = rest.join('\t');
      return [path, { type, mode: mode.padStart(4, '0'), owner, group, sha256: hashes.get(path) ?? '' }];
    }),
  );
}

function placed(lines: readonly string[]): Map<string, Set<string>> {
  const result = new Map<string, Set<string>>();
  for (const line of lines) {
    const path = line.slice(65);
    result.set(path, (result.get(path) ?? new Set()).add(line.slice(0, 64)));
  }
  return result;
}

/** A line for `sha256sum -c`, which escapes backslashes in names (coreutils manual, “cksum output modes”). */
function sumLine(sha256: string, path: string): string {
  return path.includes('\\') ? `\\${sha256}  ${path.replaceAll('\\', '\\\\')}\n` : `${sha256}  ${path}\n`;
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

function folders(upload: TreeComparison['upload']): string[] {
  const all = new Set<string>();
  for (const { path } of upload) {
    const parts = path.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth += 1) all.add(`./${parts.slice(0, depth).join('/')}`);
  }
  return [...all].sort();
}

/** Folders that may have become empty, deepest first. */
function emptied(remove: readonly string[]): string[] {
  const parents = remove.map((path) => path.slice(0, Math.max(0, path.lastIndexOf('/')))).filter(Boolean);
  return [...new Set(parents)].sort((a, b) => b.length - a.length).map((path) => `./${path}`);
}

function mode(spec: TreeSpec, executable: boolean): string {
  return executable ? '0755' : spec.fileMode;
}

function summary({ upload, remove, fix }: TreeComparison): string {
  const bytes = upload.reduce((sum, { size }) => sum + size, 0);
  return [
    upload.length > 0 ? `upload ${count(upload.length, 'file')} (${humanSize(bytes)})` : '',
    remove.length > 0 ? `remove ${count(remove.length, 'file')}` : '',
    fix.length > 0 ? `set mode or owner of ${count(fix.length, 'file')}` : '',
  ]
    .filter(Boolean)
    .join(', ');
}

function humanSize(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
