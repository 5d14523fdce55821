import { type Problem, UserError } from '../../errors.ts';
import type { NginxServer } from '../../facts/nginx/servers.ts';
import type { NginxContext } from './context.ts';
import { listensOn } from './neighbours.ts';

/** One of the ports of a role. */
export interface Door {
  readonly port: number;
  /** It speaks TLS. */
  readonly secure: boolean;
}

/**
 * Refuses what can't work, all at once, before anything is touched.
 * @throws {UserError} for a port that another program holds, a name that is served already
 */
export function refuseConflicts(
  context: NginxContext,
  { port, secure }: Door,
  names: readonly string[],
  foreign: readonly NginxServer[],
): void {
  const problems = [
    ...portTaken(context, port),
    ...namesTaken(context, port, names, foreign),
    ...(secure ? plainThere(context, port, foreign) : []),
  ];
  if (problems.length > 0) throw new UserError(problems);
}

function portTaken({ facts, role }: NginxContext, port: number): Problem[] {
  const holder = facts.listeners.find(
    (listener) =>
      listener.protocol === 'tcp' &&
      listener.port === port &&
      listener.process !== '' &&
      !(listener.process === 'nginx' && facts.nginx.installed),
  );
  if (!holder) return [];
  const program = holder.docker ? 'a container of Docker' : holder.process;
  // Nobody should be told to close the door that they came in by.
  const orStop = facts.ssh.ports.includes(port) ? '' : `, or stop ${program} first`;
  return [
    {
      message: `Port ${port} is taken on the host: ${program} listens there (${holder.address}).`,
      hint: `Give ‘${role}’ another port${orStop}.`,
    },
  ];
}

function namesTaken(
  { role, facts: { nginx } }: NginxContext,
  port: number,
  names: readonly string[],
  foreign: readonly NginxServer[],
): Problem[] {
  return foreign.flatMap(({ file, line, names: taken }) =>
    names
      .filter((name) => name !== '_' && (taken.includes(name) || taken.includes(`.${name}`)))
      .map((name) => ({
        message: `nginx on the host already serves ${name} on port ${port}: ${file}, line ${line}.`,
        hint: nginx.written.includes(file)
          ? `hostwright wrote it for the role ‘${roleOf(file)}’, which the host file no longer has. Take that off first: hostwright remove ${roleOf(file)}`
          : `Take the name out of that file if ‘${role}’ is to have it, or choose another domain or port.`,
      })),
  );
}

/** One word of one server, and every server on that address and port would speak TLS. */
function plainThere({ role }: NginxContext, port: number, foreign: readonly NginxServer[]): Problem[] {
  const plain = foreign.find((server) => listensOn(server, port).some(({ ssl }) => !ssl));
  if (!plain) return [];
  return [
    {
      message: `‘${role}’ needs port ${port} for TLS, and nginx on the host serves http without TLS there: ${plain.file}, line ${plain.line}.`,
      hint: `Give ‘${role}’ another port, or tls: none.`,
    },
  ];
}

/** The role that a file of ours was written for. */
function roleOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1).replace(/^zz-hostwright-|\.conf$/g, '');
}
