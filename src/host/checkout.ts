import { askGit, askGitLine } from './git.ts';

/** The git checkout that a folder is part of. */
export interface Checkout {
  readonly commit: string;
  /** Absent when no branch is checked out. */
  readonly branch?: string;
  /** Files of the checkout differ from the commit. */
  readonly dirty: boolean;
}

/** Versions of a file that are looked at; further back lies another time. */
const VERSIONS = 1_000;

/** What is checked out in `folder`; undefined when it is no checkout, has no commit yet, or there is no git. */
export async function readCheckout(folder: string): Promise<Checkout | undefined> {
  const [commit, branch, status] = await Promise.all([
    askGitLine(folder, 'rev-parse', '--verify', '--quiet', 'HEAD'),
    askGitLine(folder, 'symbolic-ref', '--short', '--quiet', 'HEAD'),
    askGit(folder, ['status', '--porcelain', '--untracked-files=no', '--ignore-submodules=all']),
  ]);
  if (commit === undefined) return undefined;
  return { commit, ...(branch === undefined ? {} : { branch }), dirty: status?.length !== 0 };
}

/** True when `commit` is behind what is checked out in `folder`, or is it. */
export async function holdsCommit(folder: string, commit: string): Promise<boolean> {
  if (!/^[0-9a-f]{40,64}$/.test(commit)) return false;
  return (await askGit(folder, ['merge-base', '--is-ancestor', commit, 'HEAD'])) !== undefined;
}

/** Every text that a file had in the history of what is checked out, also under earlier names; newest first. */
export async function committedTexts(folder: string, file: string): Promise<readonly string[]> {
  const log = ['log', '--format=', '--raw', '--no-abbrev', '--no-ext-diff', '--no-textconv', '-m'];
  const most = ['-n', String(VERSIONS)];
  const [whole, renamed] = await Promise.all([
    askGit(folder, [...log, ...most, '--full-history', '--', file]),
    askGit(folder, [...log, ...most, '--follow', '--', file]),
  ]);
  const ids = [whole, renamed].flatMap((output) => blobIds(output?.toString('utf8') ?? ''));
  const wanted = [...new Set(ids)].slice(0, VERSIONS);
  if (wanted.length === 0) return [];
  const contents = await askGit(folder, ['cat-file', '--batch'], `${wanted.join('\n')}\n`);
  return contents ? readBatch(contents) : [];
}

/** `:100644 100644 BEFORE AFTER M<tab>path` (git-diff-tree(1), “raw output format”). */
function blobIds(log: string): string[] {
  return [...log.matchAll(/^:\d+ (\d+) ([0-9a-f]+) ([0-9a-f]+) /gm)]
    .flatMap(([, , before = '', after = '']) => [after, before])
    .filter((id) => !/^0+$/.test(id));
}

/** `ID TYPE SIZE`, a newline, as many bytes, a newline (git-cat-file(1)); `ID missing` in a clone that lacks some. */
function readBatch(output: Buffer): string[] {
  const texts: string[] = [];
  for (let from = 0; from < output.length; ) {
    const end = output.indexOf(10, from);
    if (end < 0) break;
    const [, type, size] = output.toString('latin1', from, end).split(' ');
    const length = type === 'missing' ? -1 : Number(size);
    if (type === 'blob') texts.push(output.toString('utf8', end + 1, end + 1 + length));
    from = end + 1 + length + 1;
  }
  return texts;
}
