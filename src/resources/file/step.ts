import { Readable } from 'node:stream';
import { type Shell, sh } from '../../quote.ts';
import { Secret } from '../../secrets/secret.ts';
import type { FileSpec } from '../file.ts';
import type { Blob, Step } from '../kind.ts';
import { bytesOf } from './content.ts';
import { type Decision, rememberedLine } from './decide.ts';
import { type FileState, hash } from './observe.ts';
import { isWritten, keepWritten } from './written.ts';

/** What is declared, in the ways in which a step speaks of it. */
interface Declared {
  readonly blob: Blob;
  /** Its SHA-256, as a word of shell. */
  readonly sum: Shell;
  /** Keeps it as the base of the next merge. */
  readonly keep: Shell;
  readonly isKept: Shell;
  readonly remember: string | Shell;
}

/** What runs on the host to do what was decided. What is declared goes along as the base of the next merge. */
export function fileStep(spec: FileSpec, state: FileState, decision: Decision): Step {
  const { path } = spec;
  const declared = declaredOf(spec);
  const found = foundOf(spec, state);
  const unmoved = isStill(path, state, found);
  const common = {
    unmoved: spec.brought ? sh`{ ${unmoved}; } || { ${isAsBrought(path)}; }` : unmoved,
    remember: declared.remember,
  };
  if (decision.do !== 'write') {
    return {
      ...common,
      converged: declared.isKept,
      record: sh`:`,
      change: declared.keep,
      undo: sh`:`,
      blobs: [declared.blob, ...found],
    };
  }
  const { content, mode, owner, group } = decision.target;
  const isMerged = hash(content) !== declared.blob.sha256;
  const target = isMerged ? plain(content) : declared;
  return {
    ...common,
    converged: sh`hw_is_file "$P"${path} ${target.sum} ${bareMode(mode)} ${owner} ${group}`,
    record: sh`hw_keep ${path}`,
    change: sh`[ -d "$P"${parent(path)} ] || hw_fail ${`The folder ${parent(path)} does not exist.`}
${declared.keep}
hw_put ${fileOf(target.blob)} "$P"${path} ${mode} ${owner} ${group}`,
    undo: sh`hw_restore ${path}`,
    blobs: [target.blob, ...(isMerged ? [declared.blob] : []), ...found],
  };
}

function declaredOf(spec: FileSpec): Declared {
  const { path, content, mode, owner, group } = spec;
  if (!(content instanceof Secret)) {
    const { blob, sum } = plain(bytesOf(content));
    const { sha256, size } = blob;
    const remember = rememberedLine({ ...spec, content });
    return { blob, sum, keep: keepWritten(sha256, size), isKept: isWritten(sha256, size), remember };
  }
  const blob = { ...blobOf(bytesOf(content)), name: nameOf(path), secret: content.planMark };
  // The host sums it up itself: whoever reads a script could try passwords until one has the sum.
  const sum = sh`"$(sha256sum <${fileOf(blob)} | cut -c1-64)"`;
  return {
    blob,
    sum,
    keep: sh`:`,
    isKept: sh`:`,
    remember: sh`${sum}${` ${mode} ${owner} ${group} secret`}`,
  };
}

/** The sum of what was found, where no script should hold it. */
function foundOf({ path, content }: FileSpec, { type, sha256, secret }: FileState): readonly [Blob] | [] {
  if (type !== 'file' || (!secret && !(content instanceof Secret))) return [];
  return [{ ...blobOf(Buffer.from(sha256)), name: `${nameOf(path)}-found`, secret: 'found' }];
}

function isStill(path: string, state: FileState, [found]: readonly [Blob] | []): Shell {
  if (state.type === 'absent') return sh`[ ! -e ${path} ] && [ ! -L ${path} ]`;
  if (state.type === 'other') return sh`[ "$(stat -c %F -- ${path})" = ${state.description} ]`;
  const sum = found ? sh`"$(cat -- ${fileOf(found)})"` : sh`${state.sha256}`;
  return sh`hw_is_file ${path} ${sum} ${bareMode(state.mode)} ${state.owner} ${state.group}`;
}

/** A configuration file of a package that is as dpkg unpacked it (deb-conffiles(5)), whoever owns it. */
function isAsBrought(path: string): Shell {
  return sh`[ -f ${path} ] && [ ! -L ${path} ] &&
  dpkg-query -W -f='\${Conffiles}\n' | grep -qF -e " "${path}" $(md5sum <${path} | cut -c1-32)"`;
}

function plain(bytes: Buffer): Pick<Declared, 'blob' | 'sum'> {
  const blob = blobOf(bytes);
  return { blob, sum: sh`${blob.sha256}` };
}

function blobOf(bytes: Buffer): Blob {
  return { sha256: hash(bytes), size: bytes.length, open: () => Readable.from([bytes]) };
}

/** Where a step finds a blob. */
function fileOf({ name, sha256 }: Blob): Shell {
  return sh`"$HW_BLOBS"/${name ?? sha256}`;
}

/** Of a blob whose own name, its sum, would say too much. */
function nameOf(path: string): string {
  return `file-${hash(path).slice(0, 32)}`;
}

/** stat(1) prints modes without leading zeros. */
function bareMode(mode: string): string {
  return mode.replace(/^0+(?=.)/, '');
}

function parent(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
