import { type AppliedContent, readApplied } from '../apply/read-applied.ts';
import type { Answer } from '../connect/root-shell.ts';
import { HostError } from '../errors.ts';
import type { AppliedMeta } from '../facts/probes/applied.ts';
import { type Shell, sh } from '../quote.ts';
import { manifestPath } from '../resources/tree/step.ts';
import { readTar, type TarFile } from './tar.ts';

/** An uploaded folder as the host has it: the files that hostwright placed. */
export interface FetchedTree {
  /** Where it came from, as the host file's folder sees it; the host says so, and is not to be trusted with it. */
  readonly source: string;
  /** Where it lies on the host. */
  readonly at: string;
  /** Absent when it is too large to be fetched in one go. */
  readonly files?: readonly TarFile[];
  /** Bytes. */
  readonly size: number;
}

export interface Fetched extends AppliedContent {
  readonly trees: readonly FetchedTree[];
}

/** Bytes of one folder; more is a job for rsync. */
const LARGEST_TREE = 200 * 1024 * 1024;

/** Fetches what a host keeps of the folder it was applied from: one exchange, and one for each uploaded folder. */
export async function fetchFolder(
  read: (script: Shell) => Promise<Answer>,
  meta: AppliedMeta | undefined,
): Promise<Fetched> {
  const content = await readApplied(read);
  const trees: FetchedTree[] = [];
  for (const { at, source } of meta?.trees ?? []) {
    const { output, status, errors } = await read(treeScript(at));
    if (status !== 0) throw new HostError(`${at} could not be read on the host.`, { output: errors.trim() });
    const end = output.indexOf(10);
    const size = Number(output.toString('latin1', 0, end));
    const archive = output.subarray(end + 1);
    trees.push({ source, at, size, ...(size > LARGEST_TREE ? {} : { files: filesOf(archive) }) });
  }
  return { ...content, trees };
}

/**
 * The size, then an archive of those files that hostwright placed and that are still there: what the list names and
 * find(1), which follows no links, finds as well. What others put there is not the user's folder.
 */
function treeScript(at: string): Shell {
  return sh`hw_list=${manifestPath(at)}
[ -f "$hw_list" ] && cd -- ${at} 2>/dev/null || { echo 0; exit 0; }
hw_ours() {
  { sed -z 's/^[^\t]*\t//; s/^/.\//' <"$hw_list" | sort -zu; find . -xdev -type f -print0; } | sort -z | uniq -zd
}
hw_size=$(hw_ours | du -cb --files0-from=- 2>/dev/null | tail -n 1 | cut -f1)
printf '%s\n' "\${hw_size:-0}"
[ "\${hw_size:-0}" -le ${LARGEST_TREE} ] || exit 0
hw_ours | tar --format=posix --numeric-owner --no-recursion --hard-dereference --null --verbatim-files-from -cf - -T -`;
}

function filesOf(archive: Buffer): readonly TarFile[] {
  return [...readTar(archive)].map((file) => ({ ...file, path: file.path.replace(/^\.\//, '') }));
}
