import { type Problem, UserError } from '../../src/errors.ts';
import type { PostgresCluster } from '../../src/facts/probes/postgres.ts';
import type { PostgresContext } from './inputs.ts';

/** What each release has (https://packages.debian.org/postgresql). */
const VERSIONS: Readonly<Record<string, string>> = {
  bookworm: '15',
  trixie: '17',
  noble: '16',
  plucky: '17',
  questing: '17',
};

/** The cluster that the role is about. */
export interface Cluster {
  readonly version: string;
  readonly name: string;
  /** `15/main`. */
  readonly id: string;
  /** Its unit, without `.service`. */
  readonly unit: string;
  /** Its settings below /etc. */
  readonly folder: string;
  readonly data: string;
  readonly spaces: readonly string[];
  /** As it is on the host; absent when the package makes it in this run. */
  readonly found?: PostgresCluster;
}

/**
 * The cluster that is there on the port, the one that hostwright has set up on another port before, or the one that the
 * package will make.
 * @throws {UserError} for a second role, a release without a known version, a port that others hold
 */
export function chooseCluster(context: PostgresContext): Cluster {
  const { facts, input } = context;
  const { clusters } = facts.postgres;
  const found = clusters.find(({ port }) => port === input.port) ?? clusters.find(({ own }) => own);
  const version = found?.version ?? VERSIONS[facts.os.codename];
  const problems = [...secondRole(context), ...portTaken(context, found), ...otherPort(context, found)];
  if (version === undefined) problems.push(unknownRelease(context));
  if (problems.length > 0 || version === undefined) throw new UserError(problems);
  const name = found?.name ?? 'main';
  return {
    version,
    name,
    id: `${version}/${name}`,
    unit: `postgresql@${version}-${name}`,
    folder: `/etc/postgresql/${version}/${name}`,
    data: found?.data ?? `/var/lib/postgresql/${version}/${name}`,
    spaces: found?.spaces ?? [],
    ...(found ? { found } : {}),
  };
}

function unknownRelease({ facts: { os } }: PostgresContext): Problem {
  return {
    message: `Which PostgreSQL ${os.name || 'this system'} has is not known.`,
    hint: 'Install it by hand (apt-get install postgresql): hostwright takes the cluster that is there.',
  };
}

function secondRole({ siblings, role }: PostgresContext): Problem[] {
  const [other] = siblings;
  if (!other) return [];
  return [
    {
      message: `The roles ${role} and ${other.role} are both a PostgreSQL server, and a host has one.`,
      hint: 'Put the databases of both into one role: it serves as many as you like.',
    },
  ];
}

/** A cluster elsewhere than on the port that the host file says. */
function otherPort(
  { facts, input: { port } }: PostgresContext,
  found: PostgresCluster | undefined,
): Problem[] {
  const [other] = facts.postgres.clusters;
  if (found || !other) return [];
  return [
    {
      message: `PostgreSQL on the host (${other.version}/${other.name}) listens on port ${other.port}, not ${port}.`,
      hint: `Write port: ${other.port} to take that one. hostwright makes no second one beside it.`,
    },
  ];
}

function portTaken(
  { facts, input: { port } }: PostgresContext,
  found: PostgresCluster | undefined,
): Problem[] {
  const holder = facts.listeners.find(
    (listener) => listener.protocol === 'tcp' && listener.port === port && listener.process !== '',
  );
  // It holds its own port itself.
  if (!holder || found?.port === port) return [];
  const program = holder.docker ? 'a container of Docker' : holder.process;
  return [
    {
      message: `Port ${port} is taken on the host: ${program} listens there (${holder.address}).`,
      hint: `Give the role another port, or stop ${program} first.`,
    },
  ];
}
