import { HostError } from '../../errors.ts';
import { type Shell, sh } from '../../quote.ts';

/** What stands at a path of the host; links are not followed. */
export type PathState =
  | { readonly type: 'absent' }
  | {
      readonly type: 'directory' | 'file' | 'link' | 'other';
      /** Four octal digits. */
      readonly mode: string;
      readonly owner: string;
      readonly group: string;
      /** Where a link points; empty for the rest. */
      readonly target: string;
    };

const ABSENT: PathState = { type: 'absent' };
const TYPES = { d: 'directory', f: 'file', l: 'link' } as const;
const FIELDS = 6;

/** Reads what stands at each path with one find(1), whatever their number. Paths are absolute. */
export function observePaths(paths: readonly string[]): Shell {
  return sh`printf '%s\0' ${paths} |
  find -files0-from - -maxdepth 0 -printf '%p\0%y\0%m\0%u\0%g\0%l\0' 2>/dev/null || :`;
}

/**
 * The states in the order of `paths`, from what {@link observePaths} printed.
 * @throws {HostError} when the output was cut.
 */
export function parsePaths(output: Buffer, paths: readonly string[]): readonly PathState[] {
  const fields = output.toString().split('\0').slice(0, -1);
  if (fields.length % FIELDS !== 0) {
    throw new HostError('The host sent an incomplete list of paths', { hint: 'Try again.' });
  }
  const found = new Map<string, PathState>();
  for (let at = 0; at < fields.length; at += FIELDS) {
    const [path = '', type = '', mode = '', owner = '', group = '', target = ''] = fields.slice(
      at,
      at + FIELDS,
    );
    found.set(path, {
      type: TYPES[type as keyof typeof TYPES] ?? 'other',
      mode: mode.padStart(4, '0'),
      owner,
      group,
      target,
    });
  }
  return paths.map((path) => found.get(path) ?? ABSENT);
}

/** Shell that is true while `path` still is as it was observed. */
export function isStill(path: string, state: PathState): Shell {
  switch (state.type) {
    case 'absent':
      return sh`[ ! -e ${path} ] && [ ! -L ${path} ]`;
    case 'link':
      return sh`[ -L ${path} ] && ${pointsTo(path, state.target)}`;
    case 'directory':
      return sh`[ -d ${path} ] && [ ! -L ${path} ] && ${hasMetadata(path, state)}`;
    case 'file':
      return sh`[ -f ${path} ] && [ ! -L ${path} ] && ${hasMetadata(path, state)}`;
    default:
      return sh`[ -e ${path} ] && [ ! -L ${path} ] && ${hasMetadata(path, state)}`;
  }
}

/** Shell that is true when the link at `path` points to exactly `target`. */
export function pointsTo(path: string, target: string): Shell {
  // $( ) would drop a final newline: the x keeps it.
  return sh`[ "$(readlink -n -- ${path}; printf x)" = ${`${target}x`} ]`;
}

/** Shell that is true when `path` has this mode, owner and group. */
export function hasMetadata(
  path: string,
  { mode, owner, group }: { readonly mode: string; readonly owner: string; readonly group: string },
): Shell {
  return sh`[ "$(stat -c '%a %U %G' -- ${path})" = ${`${mode.replace(/^0+(?=.)/, '')} ${owner} ${group}`} ]`;
}

/** What stands there, for people: `a file`. */
export function nameOf(state: PathState): string {
  switch (state.type) {
    case 'absent':
      return 'nothing';
    case 'directory':
      return 'a directory';
    case 'file':
      return 'a file';
    case 'link':
      return `a link to ${state.target}`;
    default:
      return 'a device, socket or pipe';
  }
}
