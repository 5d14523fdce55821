import { HostError } from '../../errors.ts';
import { canonicalKey, FOLDERS, keyPath, LAST, ownFile, plainValue } from './files.ts';

/** A kernel setting as it was found. */
export interface SysctlState {
  /** Undefined when the kernel has no such setting (yet: a module may bring it). */
  readonly runtime: string | undefined;
  /** Content of our file; undefined when there is none. */
  readonly text: string | undefined;
  /** What is read after our file at boot and names the same key. */
  readonly later?: { readonly file: string; readonly value: string };
}

interface Line {
  readonly file: string;
  readonly line: string;
}

const DIVIDER = '\n\0\n';

/**
 * Takes the output of the sysctl observation apart: values and our files, then every assignment of every file.
 * @throws {HostError} when it is incomplete.
 */
export function parseSysctl(
  output: Buffer,
  specs: readonly { readonly key: string }[],
): readonly SysctlState[] {
  // An empty first part leaves the divider at the start; no line of grep can hold NUL alone.
  const [head, tail] = splitOnce(output.toString());
  const contents = new Map<string, string>();
  for (const { file, line } of lines(head)) contents.set(file, `${contents.get(file) ?? ''}${line}\n`);
  const assignments = inOrder(lines(tail));
  return specs.map(({ key }): SysctlState => {
    const runtime = contents.get(keyPath(key));
    const own = ownFile(key);
    const last = assignments.filter((assignment) => assignment.key === key).at(-1);
    return {
      runtime: runtime === undefined ? undefined : plainValue(runtime.replace(/\n$/, '')),
      text: contents.get(own),
      ...(last &&
        last.file > own.slice(own.lastIndexOf('/') + 1) && { later: { file: last.path, value: last.value } }),
    };
  });
}

function splitOnce(text: string): readonly [string, string] {
  const at = text.indexOf(DIVIDER);
  if (at < 0)
    throw new HostError('The host sent an incomplete list of kernel settings', { hint: 'Try again.' });
  return [text.slice(0, at), text.slice(at + DIVIDER.length)];
}

/** Lines as `grep -HZ` prints them: name, NUL, line. */
function lines(text: string): readonly Line[] {
  const result: Line[] = [];
  for (let at = 0; at < text.length; ) {
    const nul = text.indexOf('\0', at);
    if (nul < 0) break;
    const newline = text.indexOf('\n', nul);
    const end = newline < 0 ? text.length : newline;
    result.push({ file: text.slice(at, nul), line: text.slice(nul + 1, end) });
    at = end + 1;
  }
  return result;
}

/** Assignments in the order in which they take effect: by file name, /etc/sysctl.conf last, shadowed files left out. */
function inOrder(all: readonly Line[]) {
  const strongest = new Map<string, string>();
  for (const { file } of all) {
    const { folder, name } = split(file);
    const present = strongest.get(name);
    if (present === undefined || FOLDERS.indexOf(folder) < FOLDERS.indexOf(present))
      strongest.set(name, folder);
  }
  return all
    .filter(({ file }) => file === LAST || strongest.get(split(file).name) === split(file).folder)
    .map(({ file, line }) => {
      const at = line.indexOf('=');
      return {
        path: file,
        // Sorts after every name in a folder.
        file: file === LAST ? '\uffff' : split(file).name,
        key: canonicalKey(line.slice(0, at).trim().replace(/^-/, '')),
        value: plainValue(line.slice(at + 1)),
      };
    })
    .toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
}

function split(path: string) {
  const at = path.lastIndexOf('/');
  return { folder: path.slice(0, at), name: path.slice(at + 1) };
}
