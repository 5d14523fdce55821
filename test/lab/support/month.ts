/** A month of use: what people and programs write on a machine once hostwright has set it up. */
import { dirname } from 'node:path';
import { labCapture } from '../../../src/lab/exec.ts';
import { joinShell, type Shell, sh } from '../../../src/quote.ts';
import type { Manifest } from '../../../src/rehearse/manifest.ts';
import type { PlannedId } from './recipe-cases.ts';

/** Something that was written, and must never be lost. */
export interface Datum {
  readonly path: string;
  /** A line of it, which nothing else has. */
  readonly line: string;
}

/** In the database of a machine that has one. */
const ROW = 'a-row-that-somebody-wrote-in-march';

/** Where programs and people keep things. */
const ROOTS = ['/etc/', '/srv/', '/home/', '/opt/', '/var/www/', '/var/lib/', '/usr/local/'];
/** Below them, what belongs to the package manager and to systemd. */
const NOT_OURS = [
  '/var/lib/dpkg/',
  '/var/lib/systemd/',
  '/var/lib/ucf/',
  '/var/lib/hostwright/',
  '/etc/systemd/system/',
];

/**
 * Writes data in every folder that an apply has made, and edits every file that it has written.
 * @param before the machine before the apply
 * @param after and after it
 */
export async function writeMonth(
  lab: string,
  changes: readonly PlannedId[],
  before: Manifest,
  after: Manifest,
): Promise<readonly Datum[]> {
  const paths = (kind: string): string[] =>
    changes.filter((change) => change.kind === kind).map(({ id }) => id.slice(id.indexOf(':') + 1));
  const letters = newFolders(before, after).map((folder) => `${folder}/letter-of-march.txt`);
  const uploads = paths('tree').flatMap((folder) => [
    `${folder}/uploads/photo.jpg`,
    `${folder}/.well-known/note`,
  ]);
  const added = [...letters, ...uploads];
  const edited = paths('file').filter((path) => after.files.has(path));
  const wrote = (path: string): Datum => ({ path, line: `# written at ${path}` });
  const byHand = (path: string): Datum => ({ path, line: `# by hand in ${path}` });
  const data = [...added.map(wrote), ...edited.map(byHand)];
  const script = joinShell([
    sh`set -e`,
    ...data.map(({ path, line }) => sh`mkdir -p -- ${dirname(path)}; printf '\n%s\n' ${line} >>${path}`),
    sh`if command -v psql >/dev/null; then
cd /; su postgres -c ${`psql -qc "CREATE TABLE month AS SELECT '${ROW}'::text AS row; CHECKPOINT" postgres`}
fi`,
  ]);
  await inBox(lab, script);
  return data;
}

/**
 * What of it is neither at its place nor at one that was named.
 * @param events of the runs since, with where things were put aside
 */
export async function lostOf(
  lab: string,
  data: readonly Datum[],
  events: readonly Record<string, unknown>[],
): Promise<readonly string[]> {
  const kept = events.flatMap(({ event, path, place }) =>
    event === 'kept' ? [{ path: String(path), place: String(place) }] : [],
  );
  const places = (path: string): string[] => [
    path,
    ...kept.flatMap((moved) => {
      if (path === moved.path) return [moved.place];
      return path.startsWith(`${moved.path}/`) ? [moved.place + path.slice(moved.path.length)] : [];
    }),
  ];
  const script = joinShell(
    data.map(({ path, line }, index) => sh`grep -qsxF -e ${line} -- ${places(path)} || echo ${index}`),
  );
  const lost = (await inBox(lab, script)).split('\n').filter(Boolean);
  return lost.map((index) => data[Number(index)]?.path ?? index);
}

/** Whether the row is still in the files of the database, wherever they are; true as well where there never was one. */
export async function rowIsThere(lab: string, events: readonly Record<string, unknown>[]): Promise<boolean> {
  const kept = events.flatMap(({ event, place }) => (event === 'kept' ? [String(place)] : []));
  const { code } = await labCapture({
    name: lab,
    node: 'box',
    argv: ['grep', '-rqsF', ROW, '/var/lib/postgresql', ...kept],
  });
  return code === 0;
}

/** Outermost new folders and the ones just below, where somebody may have put something. */
function newFolders(before: Manifest, after: Manifest): readonly string[] {
  const made = [...after.files]
    .filter(([path, what]) => what.startsWith('d ') && !before.files.has(path))
    .map(([path]) => path)
    .filter((path) => ROOTS.some((root) => path.startsWith(root)))
    .filter((path) => !NOT_OURS.some((folder) => path.startsWith(folder)));
  const parents = new Set(made);
  return made.filter((path) => !parents.has(dirname(dirname(path))));
}

async function inBox(lab: string, script: Shell): Promise<string> {
  const { code, stdout, stderr } = await labCapture(
    { name: lab, node: 'box', argv: ['sh', '-s'] },
    { input: script.text },
  );
  if (code !== 0) throw new Error(`A month of use failed: ${stderr}`);
  return stdout;
}
