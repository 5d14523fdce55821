import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import type { Sudo, Target } from '../connect/connection.ts';
import type { Finding, Validated } from './issues.ts';
import { validate } from './issues.ts';
import { connectLab, connectLocal, connectSsh } from './schema.ts';
import { readSshPlace, readSudo, readTarget } from './target.ts';
import { type MapTree, type Tree, toValue } from './tree.ts';

const HINT = 'Write connect: local, connect: lab, or connect: { ssh: pi@192.168.1.20 }.';

/**
 * Reads `connect:` of a host file: one word, or keys.
 * @param directory of the host file, absolute; a relative `identityFile` counts from it.
 */
export function readConnect(root: Tree, connect: Tree, directory: string): Validated<Target> {
  const path = ['connect'];
  const refuse = (message: string, hint?: string): { problems: Finding[] } => ({
    problems: [{ at: connect.at, message: `connect: ${message}`, ...(hint && { hint }) }],
  });
  if (connect.kind === 'scalar' && typeof connect.value === 'string') {
    const target = readTarget(connect.value);
    return 'message' in target ? refuse(target.message, target.hint ?? HINT) : { value: target };
  }
  if (connect.kind !== 'map') return refuse('this says nothing about how to connect', HINT);
  const kinds = ['ssh', 'lab', 'local'].filter((kind) => connect.entries.has(kind));
  const [kind, another] = kinds;
  if (another) return refuse(`${kinds.join(' and ')} exclude each other`, HINT);
  const value = toValue(connect);
  const scope = { root, path };
  if (kind === 'lab')
    return map(validate(connectLab, value, scope), ({ lab, sudo }) => ({
      kind: 'lab',
      name: lab,
      sudo: toSudo(sudo),
    }));
  if (kind === 'local')
    return map(validate(connectLocal, withLocal(connect), scope), ({ local, sudo }) => ({
      kind: 'local',
      sudo: toSudo(local.sudo ?? sudo),
    }));
  if (kind === undefined && connect.entries.size === 0)
    return refuse('this says nothing about how to connect', HINT);
  const ssh = validate(connectSsh, value, scope);
  if ('problems' in ssh) return ssh;
  const twice = (['user', 'port'] as const).find((key) => {
    const place = readSshPlace(ssh.value.ssh);
    return !('message' in place) && place[key] !== undefined && ssh.value[key] !== undefined;
  });
  if (twice) return refuse(`the ${twice} is said twice, in ssh and in ${twice}`, `Keep it in one of them.`);
  return { value: sshTarget(ssh.value, directory) };
}

/** `{ local: }` with nothing after it means the same as `{ local: {} }`. */
function withLocal(connect: MapTree): unknown {
  const local = connect.entries.get('local')?.value;
  const empty = local?.kind === 'scalar' && local.value === null;
  return { ...Object(toValue(connect)), ...(empty && { local: {} }) };
}

function sshTarget(
  { ssh, sudo, identityFile, backend = 'auto', jump, user, port }: z.output<typeof connectSsh>,
  directory: string,
): Target {
  const place = readSshPlace(ssh);
  if ('message' in place) throw new Error('The schema let an ssh target pass that cannot be read');
  return {
    kind: 'ssh',
    ...place,
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port }),
    ...(identityFile !== undefined && { identityFile: resolveKey(identityFile, directory) }),
    backend,
    ...(jump !== undefined && { jump }),
    sudo: toSudo(sudo),
  };
}

/** A key file as written; a relative one counts from the host file's folder. */
export function resolveKey(path: string, directory: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(directory, path);
}

/** A way to become root that the schema has let pass. */
export function toSudo(text: string | undefined): Sudo {
  const sudo = text === undefined ? 'auto' : readSudo(text);
  return typeof sudo === 'object' && 'message' in sudo ? 'auto' : sudo;
}

function map<A>(validated: Validated<A>, change: (value: A) => Target): Validated<Target> {
  return 'problems' in validated ? validated : { value: change(validated.value) };
}
