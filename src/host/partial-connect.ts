import type { SshTarget, Target } from '../connect/connection.ts';
import { resolveKey, toSudo } from './connect-key.ts';
import { type Validated, validate } from './issues.ts';
import { connectSsh } from './schema.ts';
import { readSshPlace } from './target.ts';
import { type MapTree, toValue } from './tree.ts';

/** Some of a connection. */
interface Part {
  over(target: Target | undefined): Target | undefined;
  readonly complete: boolean;
}

type SshKeys = Omit<Partial<SshTarget>, 'kind'>;

const schema = connectSsh.partial();

/** Reads some keys of an ssh connection, each of which stands in the place of the host file's own. */
export function readPartialConnect(root: MapTree, connect: MapTree, directory: string): Validated<Part> {
  const read = validate(schema, toValue(connect), { root, path: ['connect'] });
  if ('problems' in read) return read;
  const { ssh, user, port, identityFile, backend, jump, sudo } = read.value;
  const place = ssh === undefined ? undefined : readSshPlace(ssh);
  if (place && 'message' in place) throw new Error('The schema let an ssh target pass that cannot be read');
  const twice = (['user', 'port'] as const).find(
    (key) => place?.[key] !== undefined && read.value[key] !== undefined,
  );
  if (twice) {
    const message = `connect: the ${twice} is said twice, in ssh and in ${twice}`;
    return { problems: [{ at: connect.at, message, hint: 'Keep it in one of them.' }] };
  }
  const keys: SshKeys = {
    ...place,
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port }),
    ...(identityFile !== undefined && { identityFile: resolveKey(identityFile, directory) }),
    ...(backend !== undefined && { backend }),
    ...(jump !== undefined && { jump }),
    ...(sudo !== undefined && { sudo: toSudo(sudo) }),
  };
  return { value: { over: (target) => merge(target, keys), complete: place !== undefined } };
}

/** Of a host file that says another way than ssh, nothing is left. */
function merge(target: Target | undefined, keys: SshKeys): Target | undefined {
  if (target?.kind === 'ssh') return { ...target, ...keys };
  const { host, sudo, ...rest } = keys;
  if (host !== undefined) return { kind: 'ssh', backend: 'auto', ...rest, host, sudo: sudo ?? 'auto' };
  // How to become root is as personal for a lab or this machine; the rest is about ssh.
  return target && sudo !== undefined ? { ...target, sudo } : target;
}
