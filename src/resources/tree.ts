import { join } from 'node:path/posix';
import { z } from 'zod';
import { absolutePath, fileMode } from '../compose/inputs.ts';
import { HostError } from '../errors.ts';
import type { Folder } from '../host/folder.ts';
import { joinShell, sh } from '../quote.ts';
import { defineKind } from './kind.ts';
import { accountName } from './shared/account.ts';
import { compareTree, type TreeComparison, type TreeEntry, type TreeState } from './tree/compare.ts';
import { manifestPath, treeStep } from './tree/step.ts';

const schema = z.strictObject({
  path: absolutePath(),
  folder: z.custom<Folder>(
    (value) => typeof value === 'object' && value !== null && 'files' in value,
    'a scanned folder',
  ),
  owner: accountName().default('root'),
  group: accountName().default('root'),
  fileMode: fileMode().default('0644'),
  directoryMode: fileMode().default('0755'),
});

export type TreeSpec = z.output<typeof schema>;

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
[ -d ${path} ] && (cd -- ${path} && find . -xdev -type f -print0 | xargs -0 -r sha256sum -z --) | base64 -w0; echo
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

  diff: (spec, state, { adopted, choice }) => {
    const comparison = compareTree(spec, state, choice);
    const { upload, remove, fix, settled, foreign, edited } = comparison;
    refuseObstacles(spec, comparison);
    if (upload.length + remove.length + fix.length + settled.length === 0) return undefined;
    const conflict = foreign.length > 0 && !adopted ? 'adopt' : edited.length > 0 ? 'edited' : undefined;
    return {
      action: state.placed.size === 0 ? 'create' : 'update',
      summary: summary(comparison),
      diff: diffLines(comparison, state).join('\n'),
      ...(upload.length + remove.length + fix.length === 0 ? { settles: true as const } : {}),
      ...(foreign.length > 0 ? { touchesForeign: true } : {}),
      ...(conflict ? { conflict } : {}),
    };
  },

  drift: (spec, state, { choice }) => {
    const { stays } = compareTree(spec, state, choice);
    if (stays.length === 0) return undefined;
    return `${count(stays.length, 'file')} edited by hand: ${some(stays)}`;
  },

  notes: (spec, state) => {
    const { kept } = compareTree(spec, state);
    if (kept.length === 0) return [];
    return [
      `${spec.path} holds ${count(kept.length, 'file')} that hostwright did not place: kept (${some(kept)}).`,
    ];
  },

  step: (spec, state, context) => treeStep(spec, state, context?.choice),
});

/** What stands where the source has something else, and is not ours to take away. */
function refuseObstacles({ path }: TreeSpec, { obstacles }: TreeComparison): void {
  if (obstacles.length === 0) return;
  throw new HostError(
    `Where the source has a folder there is something else, or the other way round: ${some(obstacles.map((name) => join(path, name)))}.`,
    { hint: 'hostwright did not put it there. Move it away by hand, or rename what is in the source.' },
  );
}

function entries(listing: readonly string[], sums: readonly string[]): Map<string, TreeEntry> {
  const hashes = new Map(sums.map((line) => [line.slice(66).replace(/^\.\//, ''), line.slice(0, 64)]));
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

/** Every path with what happens to it. */
function diffLines({ upload, remove, fix, stays, edited }: TreeComparison, { entries }: TreeState): string[] {
  return [
    ...upload.map(
      ({ path }) =>
        `${entries.has(path) ? '~' : '+'} ${path}${edited.includes(path) ? ': edited by hand since' : ''}`,
    ),
    ...remove.map((path) => `- ${path}`),
    ...fix.map(({ path, found, wanted }) => `~ ${path}: set ${wanted} (was ${found})`),
    ...stays.map((path) => `= ${path}: kept as edited by hand`),
  ];
}

/** The first three by name. */
function some(names: readonly string[]): string {
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
}

function summary({ upload, remove, fix, settled }: TreeComparison): string {
  const bytes = upload.reduce((sum, { size }) => sum + size, 0);
  return [
    upload.length > 0 ? `upload ${count(upload.length, 'file')} (${humanSize(bytes)})` : '',
    remove.length > 0 ? `remove ${count(remove.length, 'file')}` : '',
    fix.length > 0 ? `set mode or owner of ${count(fix.length, 'file')}` : '',
    settled.length > 0 ? `keep ${count(settled.length, 'file')} edited by hand, from now on` : '',
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
