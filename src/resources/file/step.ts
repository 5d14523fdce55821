import { Readable } from 'node:stream';
import { type Shell, sh } from '../../quote.ts';
import type { FileSpec } from '../file.ts';
import type { Blob, Step } from '../kind.ts';
import { type Decision, rememberedLine } from './decide.ts';
import { type FileState, hash } from './observe.ts';
import { isWritten, keepWritten } from './written.ts';

/** What runs on the host to do what was decided. What is declared goes along as the base of the next merge. */
export function fileStep(spec: FileSpec, state: FileState, decision: Decision): Step {
  const { path } = spec;
  const declared = blobOf(Buffer.from(spec.content));
  const common = {
    unmoved: spec.brought
      ? sh`{ ${unmoved(path, state)}; } || { ${isAsBrought(path)}; }`
      : unmoved(path, state),
    remember: rememberedLine(spec),
  };
  if (decision.do !== 'write') {
    return {
      ...common,
      converged: isWritten(declared.sha256, declared.size),
      record: sh`:`,
      change: keepWritten(declared.sha256, declared.size),
      undo: sh`:`,
      blobs: [declared],
    };
  }
  const { content, mode, owner, group } = decision.target;
  const target = blobOf(content);
  return {
    ...common,
    converged: sh`hw_is_file "$P"${path} ${target.sha256} ${bareMode(mode)} ${owner} ${group}`,
    record: sh`hw_keep ${path}`,
    change: sh`[ -d "$P"${parent(path)} ] || hw_fail ${`The folder ${parent(path)} does not exist.`}
${keepWritten(declared.sha256, declared.size)}
hw_put "$HW_BLOBS"/${target.sha256} "$P"${path} ${mode} ${owner} ${group}`,
    undo: sh`hw_restore ${path}`,
    blobs: target.sha256 === declared.sha256 ? [target] : [target, declared],
  };
}

function unmoved(path: string, state: FileState): Shell {
  if (state.type === 'absent') return sh`[ ! -e ${path} ] && [ ! -L ${path} ]`;
  if (state.type === 'other') return sh`[ "$(stat -c %F -- ${path})" = ${state.description} ]`;
  return sh`hw_is_file ${path} ${state.sha256} ${bareMode(state.mode)} ${state.owner} ${state.group}`;
}

/** A configuration file of a package that is as dpkg unpacked it (deb-conffiles(5)), whoever owns it. */
function isAsBrought(path: string): Shell {
  return sh`[ -f ${path} ] && [ ! -L ${path} ] &&
  dpkg-query -W -f='\${Conffiles}\n' | grep -qF -e " "${path}" $(md5sum <${path} | cut -c1-32)"`;
}

function blobOf(bytes: Buffer): Blob {
  return { sha256: hash(bytes), size: bytes.length, open: () => Readable.from([bytes]) };
}

/** stat(1) prints modes without leading zeros. */
function bareMode(mode: string): string {
  return mode.replace(/^0+(?=.)/, '');
}

function parent(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
