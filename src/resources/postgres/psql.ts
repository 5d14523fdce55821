import { z } from 'zod';
import { HostError } from '../../errors.ts';
import { type Shell, sh } from '../../quote.ts';

/** Debian's name of a cluster: `15/main`. */
export function clusterName() {
  return z
    .string()
    .regex(/^\d{1,2}\/[a-z][a-z0-9_-]{0,30}$/, 'a cluster of PostgreSQL is written as Debian does: 15/main');
}

/** A name that needs no quotes anywhere, be it in a URL or in a shell: what we make is easy to use. */
export function plainName(what: string) {
  return z
    .string()
    .regex(
      /^[a-z_][a-z0-9_]{0,62}$/,
      `${what} has small letters, digits and underscores, at most 63, and does not begin with a digit`,
    );
}

/**
 * psql(1) as the account postgres, by the socket, reading statements from its standard input. Nothing of a statement is
 * an argument. Rows come one a line, columns with a `|` between.
 *
 * Debian's wrapper of psql takes several times as long as psql itself: where the running server says by which port and
 * socket it is reached (postmaster.pid, lines 4 and 5), it is not needed.
 */
export function psql(cluster: string): Shell {
  const binary = `/usr/lib/postgresql/${cluster.split('/')[0]}/bin/psql`;
  const account = sh`setpriv --reuid=postgres --regid=postgres --init-groups --`;
  const options = sh`-XqAtw -v ON_ERROR_STOP=1 -d postgres`;
  return sh`(
  { read -r pid; read -r _; read -r _; read -r port; read -r socket; } 2>/dev/null <${`/var/lib/postgresql/${cluster}/postmaster.pid`} &&
    [ -e "/proc/$pid" ] && [ -x ${binary} ] && exec ${account} ${binary} -h "$socket" -p "$port" ${options}
  exec ${account} psql --cluster ${cluster} ${options}
)`;
}

/** Runs statements that hold nothing secret. */
export function runSql(cluster: string, sql: string): Shell {
  return sh`printf '%s\n' ${sql} | ${psql(cluster)}`;
}

/** The same for a query, to compare its answer in `"$(…)"`. */
export function ask(cluster: string, sql: string): Shell {
  return sh`"$(${runSql(cluster, sql)} 2>/dev/null)"`;
}

/** Before a step records anything. */
export function requireServer(cluster: string): Shell {
  return sh`[ ${ask(cluster, 'SELECT 1')} = 1 ] || hw_fail ${`PostgreSQL (${cluster}) does not answer. See why: systemctl status postgresql@${cluster.replace('/', '-')}`}`;
}

/**
 * For undoing: ends the step where the cluster is gone with all that it held. One that is stopped is started: perhaps
 * the step that is undone before this one has stopped it, as a run before had found it.
 */
export function serverForUndo(cluster: string): Shell {
  const unit = `postgresql@${cluster.replace('/', '-')}`;
  return sh`command -v psql >/dev/null 2>&1 && [ -d ${`/etc/postgresql/${cluster}`} ] || exit 0
if [ ${ask(cluster, 'SELECT 1')} != 1 ]; then
  systemctl start -- ${unit}
  [ ${ask(cluster, 'SELECT 1')} = 1 ] || hw_fail ${`PostgreSQL (${cluster}) does not run, so nothing can be taken back in it. See why: systemctl status ${unit}. Then do this again.`}
fi`;
}

const DOWN = '##down';

/** Asks all clusters of some resources: each query prints JSON, one document a line. Prints nothing where there is no psql. */
export function observing(queries: readonly { readonly cluster: string; readonly sql: string }[]): Shell {
  const parts = queries.map(
    ({ cluster, sql }) =>
      sh`hw_rows=$(${runSql(cluster, sql)} 2>/dev/null) && printf '%s\n' "$hw_rows" || echo ${`${DOWN} ${cluster}`}`,
  );
  return parts.reduce(
    (text, part) => sh`${text}
${part}`,
    sh`command -v psql >/dev/null 2>&1 || exit 0`,
  );
}

/** What {@link observing} printed. */
export interface Seen<Row> {
  readonly rows: readonly Row[];
  /** Clusters that did not answer: nobody knows what is in them. */
  readonly down: ReadonlySet<string>;
}

/** @throws {HostError} for what is no answer to the query */
export function parseSeen<Row>(output: Buffer, row: z.ZodType<Row>): Seen<Row> {
  const rows: Row[] = [];
  const down = new Set<string>();
  for (const line of output.toString().split('\n')) {
    if (line.trim() === '') continue;
    if (line.startsWith(`${DOWN} `)) down.add(line.slice(DOWN.length + 1));
    else rows.push(readRow(line, row));
  }
  return { rows, down };
}

function readRow<Row>(line: string, schema: z.ZodType<Row>): Row {
  try {
    return schema.parse(JSON.parse(line));
  } catch (cause) {
    throw new HostError('PostgreSQL answered in a way that hostwright does not understand', {
      hint: 'Is psql on the host the one of Debian? Try: runuser -u postgres -- psql -c "SELECT version()"',
      output: line.slice(0, 500),
      cause,
    });
  }
}

/** Specs of one cluster together: one call of psql for each cluster, whatever the number of resources. */
export function byCluster<Spec extends { readonly cluster: string }>(
  specs: readonly Spec[],
): readonly { readonly cluster: string; readonly specs: readonly Spec[] }[] {
  const clusters = [...new Set(specs.map(({ cluster }) => cluster))];
  return clusters.map((cluster) => ({ cluster, specs: specs.filter((spec) => spec.cluster === cluster) }));
}
