import { posix } from 'node:path';
import { z } from 'zod';
import { absolutePath, oneLine } from '../compose/inputs.ts';
import { HostError } from '../errors.ts';
import { sh } from '../quote.ts';
import { type Difference, defineKind } from './kind.ts';
import { isStill, nameOf, observePaths, type PathState, parsePaths, pointsTo } from './shared/paths.ts';

const present = z.strictObject({ path: absolutePath(), target: oneLine() });

const absent = z.strictObject({
  path: absolutePath(),
  absent: z.literal(true),
  /** The link is removed only when it points exactly here: what dpkg made, say. Anything else is left alone. */
  onlyIfTarget: oneLine().optional(),
  /** It may come into being during the run (a package makes it): planned although there is nothing yet. */
  appears: z.literal(true).optional(),
});

type Spec = z.output<typeof present> | z.output<typeof absent>;

/** A symbolic link that points somewhere, or one that must not be there. */
export const kind = defineKind({
  name: 'symlink',
  describe: 'A symbolic link and its target, or the absence of a link.',
  schema: z.union([present, absent]),
  key: (spec) => spec.path,

  observe: (specs) => observePaths(specs.map((spec) => spec.path)),

  parse: (output, specs) =>
    parsePaths(
      output,
      specs.map((spec) => spec.path),
    ),

  diff(spec, state, { remembered, adopted }) {
    if ('absent' in spec && spec.appears && state.type === 'absent') {
      const made = spec.onlyIfTarget === undefined ? '' : ` to ${spec.onlyIfTarget}`;
      return { action: 'remove', summary: `remove the link${made} that this run makes` };
    }
    if (isDone(spec, state)) return undefined;
    if (state.type === 'directory') {
      throw new HostError(`${spec.path} is a directory: hostwright does not put a link in its place`, {
        hint: 'Move it away by hand, or declare another path.',
      });
    }
    // A link of ours that still is a link stays ours, wherever it points by now.
    const expected = 'absent' in spec && spec.onlyIfTarget !== undefined;
    const ours = expected || (state.type === 'link' && remembered !== undefined);
    const conflict = state.type !== 'absent' &&
      !ours && { touchesForeign: true, ...(!adopted && { conflict: 'adopt' as const }) };
    return { ...change(spec, state), ...conflict };
  },

  step(spec, state) {
    const { path } = spec;
    const done = 'target' in spec ? isLink(path, spec.target) : isGone(spec);
    return {
      converged: done,
      unmoved: 'absent' in spec && spec.appears ? sh`:` : isStill(path, state),
      record: sh`hw_keep ${path}`,
      change: 'target' in spec ? makeLink(path, spec.target) : sh`${done} || rm -f -- "$P"${path}`,
      // Whatever somebody put there since is not ours to remove.
      undo: sh`if ${done}; then hw_restore ${path}; else hw_stays ${path} 'since it was changed'; fi`,
      remember: 'target' in spec ? spec.target : 'absent',
    };
  },
});

function isDone(spec: Spec, state: PathState): boolean {
  if ('target' in spec) return state.type === 'link' && state.target === spec.target;
  if (state.type === 'absent') return true;
  return spec.onlyIfTarget !== undefined && (state.type !== 'link' || state.target !== spec.onlyIfTarget);
}

function change(spec: Spec, state: PathState): Difference {
  if ('absent' in spec) return { action: 'remove', summary: `remove ${nameOf(state)}` };
  if (state.type === 'absent') return { action: 'create', summary: `link to ${spec.target}` };
  return { action: 'update', summary: `link to ${spec.target} (was ${nameOf(state)})` };
}

function isLink(path: string, target: string) {
  return sh`[ -L ${path} ] && ${pointsTo(path, target)}`;
}

function isGone({ path, onlyIfTarget }: z.output<typeof absent>) {
  return onlyIfTarget === undefined
    ? sh`[ ! -e ${path} ] && [ ! -L ${path} ]`
    : sh`{ [ ! -L ${path} ] || ! ${pointsTo(path, onlyIfTarget)}; }`;
}

/** A new link beside the old one, then rename(2): there is no moment without it. */
function makeLink(path: string, target: string) {
  const parent = posix.dirname(path);
  const temporary = posix.join(parent, '.hostwright-new-link');
  return sh`[ -d "$P"${parent} ] || hw_fail ${`${parent} does not exist: declare it as a directory before ${path}, or create it by hand`}
rm -f -- "$P"${temporary} && hw_transient "$P"${temporary} && ln -sT -- ${target} "$P"${temporary} && mv -fT -- "$P"${temporary} "$P"${path}`;
}
