import { Readable } from 'node:stream';
import { type Shell, sh } from '../../quote.ts';
import { type Decision, rememberedLine } from '../file/decide.ts';
import { type FileState, hash } from '../file/observe.ts';
import { isWritten, keepWritten } from '../file/written.ts';
import type { Blob, Step } from '../kind.ts';
import type { ZoneSpec } from '../zone.ts';
import { hashOf, withLaterSerial } from './serial.ts';

/** What runs on the host for a zone whose records are declared. */
export function writtenStep(spec: ZoneSpec, state: FileState, decision: Decision): Step {
  const { path, name } = spec;
  const declared = blobOf(Buffer.from(spec.content));
  const common = { unmoved: unmoved(path, state), remember: rememberedLine(spec) };
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
    converged: isThere(path, { ...decision.target, sha256: target.sha256 }),
    record: sh`hw_keep ${path}`,
    change: sh`${keepWritten(declared.sha256, declared.size)}
${withLaterSerial(name, path, target.sha256)}
${checked(name)}
hw_put "$hw_zone" "$P"${path} ${mode} ${owner} ${group} || { rm -f -- "$hw_zone" "$hw_zone.said"; exit 1; }
rm -f -- "$hw_zone" "$hw_zone.said"`,
    undo: sh`hw_restore ${path}`,
    blobs: target.sha256 === declared.sha256 ? [target] : [target, declared],
  };
}

function checked(name: string): Shell {
  return sh`named-checkzone -i local ${name} "$hw_zone" >"$hw_zone.said" || { cat "$hw_zone.said" >&2; rm -f -- "$hw_zone" "$hw_zone.said"
  hw_fail ${`named-checkzone refuses the zone ${name}, so it was not put in place.`}; }`;
}

/** The first records of a zone that programs change. What they write is theirs, and stays. */
export function firstStep(spec: ZoneSpec): Step {
  const { path, name, mode, owner, group } = spec;
  const blob = blobOf(Buffer.from(spec.content));
  return {
    converged: sh`[ -f ${path} ]`,
    unmoved: sh`[ ! -e ${path} ] && [ ! -L ${path} ]`,
    record: sh`hw_keep ${path}`,
    change: sh`${withLaterSerial(name, path, blob.sha256)}
${checked(name)}
hw_put "$hw_zone" ${path} ${mode} ${owner} ${group} || { rm -f -- "$hw_zone" "$hw_zone.said"; exit 1; }
rm -f -- "$hw_zone" "$hw_zone.said"`,
    // named writes into the file only what has come by updates.
    undo: sh`if [ -e ${`${path}.jnl`} ] || hw_edited ${path}; then
  for hw_path in ${[path, `${path}.jnl`]}; do
    [ ! -e "$hw_path" ] || hw_keep_data "$hw_path" 'since it holds records that came by dynamic updates'
  done
else hw_restore ${path}; fi`,
    remember: 'dynamic',
    blobs: [blob],
  };
}

interface Standing {
  readonly sha256: string;
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
}

function isThere(path: string, { sha256, mode, owner, group }: Standing): Shell {
  return sh`[ -f "$P"${path} ] && [ ! -L "$P"${path} ] &&
  [ "$(stat -c '%a %U %G' -- "$P"${path})" = ${`${mode.replace(/^0+(?=.)/, '')} ${owner} ${group}`} ] &&
  [ ${hashOf(path)} = ${sha256} ]`;
}

function unmoved(path: string, state: FileState): Shell {
  if (state.type === 'absent') return sh`[ ! -e ${path} ] && [ ! -L ${path} ]`;
  if (state.type === 'other') return sh`[ "$(stat -c %F -- ${path})" = ${state.description} ]`;
  return isThere(path, state);
}

function blobOf(bytes: Buffer): Blob {
  return { sha256: hash(bytes), size: bytes.length, open: () => Readable.from([bytes]) };
}
