import { z } from 'zod';
import { type Difference, defineKind } from './kind.ts';
import { extensionStep } from './postgres/extension-step.ts';
import { byCluster, clusterName, observing, parseSeen, plainName } from './postgres/psql.ts';
import { identifier, literal, literals } from './postgres/sql.ts';

const schema = z.strictObject({
  cluster: clusterName(),
  database: plainName('the name of a database'),
  name: z
    .string()
    .regex(
      /^[a-z][a-z0-9_-]{0,62}$/,
      'the name of an extension has small letters, digits, _ and -, at most 63',
    ),
});

export type ExtensionSpec = z.output<typeof schema>;

const row = z.object({ database: z.string(), names: z.array(z.string()) });

/** `unknown`: the server does not run. */
export type ExtensionState = 'absent' | 'present' | 'unknown';

/** An extension in a database of PostgreSQL. */
export const kind = defineKind({
  name: 'postgres-extension',
  describe: 'An extension in a database of PostgreSQL, such as pg_trgm or citext. Its version is left alone.',
  schema,
  key: ({ database, name }) => `${database}/${name}`,

  observe: (specs) =>
    observing(
      byCluster(specs).map(({ cluster, specs: extensions }) => ({
        cluster,
        sql: [...new Set(extensions.map(({ database }) => database))]
          .map((database) => ofDatabase(database, extensions))
          .join('\n'),
      })),
    ),

  parse(output, specs) {
    const { rows, down } = parseSeen(output, row);
    return specs.map(({ name, database, cluster }): ExtensionState => {
      if (down.has(cluster)) return 'unknown';
      return rows.some((one) => one.database === database && one.names.includes(name)) ? 'present' : 'absent';
    });
  },

  diff(_, state): Difference | undefined {
    if (state === 'present') return undefined;
    const why =
      state === 'unknown' ? ', if it is not there: PostgreSQL does not run, so nobody knows yet' : '';
    return { action: 'create', summary: `add the extension${why}` };
  },

  step: extensionStep,
});

/** One call of psql goes through all databases; one that is not there yet is passed over. */
function ofDatabase(database: string, extensions: readonly ExtensionSpec[]): string {
  const names = extensions.filter((one) => one.database === database).map(({ name }) => name);
  return `SELECT EXISTS (SELECT FROM pg_database WHERE datname = ${literal(database)} AND datallowconn) AS there \\gset
\\if :there
\\connect ${identifier(database)}
SELECT jsonb_build_object('database', ${literal(database)}, 'names', coalesce(jsonb_agg(extname), '[]'))
FROM pg_extension WHERE extname IN (${literals(names)});
\\endif`;
}
