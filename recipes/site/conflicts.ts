import { type Problem, UserError } from '../../src/errors.ts';
import type { NginxServer } from '../../src/facts/nginx/servers.ts';
import type { SiteContext, SiteInput } from './inputs.ts';

/**
 * Refuses what can't work, all at once, before anything is touched.
 * @throws {UserError} for a port that another program holds, a name that is served already
 */
export function refuseConflicts(
  context: SiteContext,
  names: readonly string[],
  foreign: readonly NginxServer[],
): void {
  const problems = [...portTaken(context), ...namesTaken(context, names, foreign)];
  if (context.role === 'html')
    problems.push({
      message: 'A site cannot be called ‘html’: /var/www/html belongs to the page that comes with nginx.',
      hint: 'Give the role another name.',
    });
  if (problems.length > 0) throw new UserError(problems);
}

function portTaken({ facts, input: { port } }: SiteContext): Problem[] {
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
      hint: `Give the site another port${orStop}.`,
    },
  ];
}

/** Every name that the host file gives a site. */
export function namesOf({ domain, aliases }: SiteInput): readonly string[] {
  return [...new Set([...(domain === undefined ? [] : [domain]), ...aliases])];
}

function namesTaken(
  { input: { port }, facts: { nginx } }: SiteContext,
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
          : 'Take the name out of that file if the site is to move here, or choose another domain or port.',
      })),
  );
}

/** The role that a file of ours was written for. */
function roleOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1).replace(/^zz-hostwright-|\.conf$/g, '');
}
