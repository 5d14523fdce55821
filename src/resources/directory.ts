import { posix } from 'node:path';
import { z } from 'zod';
import { absolutePath, fileMode } from '../compose/inputs.ts';
import { type Shell, sh } from '../quote.ts';
import { defineKind } from './kind.ts';
import { accountName } from './shared/account.ts';
import { hasMetadata, isStill, nameOf, observePaths, parsePaths } from './shared/paths.ts';
import { slot } from './shared/slot.ts';

const schema = z.strictObject({
  path: absolutePath(),
  mode: fileMode().default('0755'),
  owner: accountName().default('root'),
  group: accountName().default('root'),
});

/** A directory with its mode, owner and group. Its content is not looked at; its parent must exist. */
export const kind = defineKind({
  name: 'directory',
  describe: 'A directory with its mode, owner and group; what it holds is left alone.',
  schema,
  key: (spec) => spec.path,

  observe: (specs) => observePaths(specs.map((spec) => spec.path)),

  parse: (output, specs) =>
    parsePaths(
      output,
      specs.map((spec) => spec.path),
    ),

  diff(spec, state, { remembered, adopted }) {
    const wanted = `${spec.mode} ${spec.owner}:${spec.group}`;
    if (state.type === 'absent') return { action: 'create', summary: `create directory, ${wanted}` };
    const foreign = remembered === undefined || state.type !== 'directory';
    const conflict = foreign && { touchesForeign: true, ...(!adopted && { conflict: 'adopt' as const }) };
    if (state.type !== 'directory') {
      return { action: 'update', summary: `replace ${nameOf(state)} by a directory, ${wanted}`, ...conflict };
    }
    const found = `${state.mode} ${state.owner}:${state.group}`;
    if (found === wanted) return undefined;
    return { action: 'update', summary: `set ${wanted} (was ${found})`, ...conflict };
  },

  step(spec, state) {
    const { path, mode, owner, group } = spec;
    const parent = posix.dirname(path);
    const before = slot('directory', path);
    const clear = state.type === 'absent' || state.type === 'directory' ? sh`` : sh`rm -f -- "$P"${path} &&`;
    return {
      converged: sh`[ -d ${path} ] && [ ! -L ${path} ] && ${hasMetadata(path, spec)}`,
      unmoved: isStill(path, state),
      record: sh`if [ -d ${path} ] && [ ! -L ${path} ]; then
  stat -c '%a %u:%g' -- ${path} >${before}
else
  hw_keep ${path}
fi`,
      // Five digits: with four, chmod(1) leaves a directory's setgid bit as it is.
      change: sh`if [ ! -d "$P"${path} ] || [ -L "$P"${path} ]; then
  [ -d "$P"${parent} ] || hw_fail ${`${parent} does not exist: declare it as a directory before ${path}, or create it by hand`}
  ${clear} mkdir -m 0700 -- "$P"${path} || exit 1
fi
${enter(path, sh`"$P"`)}
chown -- ${`${owner}:${group}`} . && chmod -- ${`0${mode}`} .`,
      undo: sh`if [ -f ${before} ]; then
  # Whatever somebody put there since has a mode of its own.
  [ -e ${path} ] || [ -L ${path} ] || exit 0
  if [ ! -d ${path} ] || [ -L ${path} ]; then hw_stays ${path} 'since it is no folder any more'; exit 0; fi
  ${enter(path, sh``)}
  read -r hw_mode hw_owner <${before} && chown -- "$hw_owner" . && chmod -- "0$hw_mode" .
elif [ ! -d ${path} ] || rmdir -- ${path} 2>/dev/null; then
  hw_restore ${path}
else
  hw_keep_data ${path} 'since it holds files'
fi`,
      remember: `${mode} ${owner} ${group}`,
    };
  },
});

/** Shell that makes the folder the current one: from within, a link that the parent's owner swaps in is never followed. */
function enter(path: string, stage: Shell): Shell {
  return sh`hw_parent=$(cd -P -- ${stage}${posix.dirname(path)} && pwd -P) && cd -P -- ${stage}${path} || exit 1
[ "$(pwd -P)" = "\${hw_parent%/}"${`/${posix.basename(path)}`} ] || hw_fail ${`${path} is a link: it is not followed`}`;
}
