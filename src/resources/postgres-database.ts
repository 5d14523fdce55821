import { z } from 'zod';
import { type Difference, defineKind } from './kind.ts';
import { databaseStep } from './postgres/database-step.ts';
import { byCluster, clusterName, observing, parseSeen, plainName } from './postgres/psql.ts';
import { literals } from './postgres/sql.ts';

const schema = z.strictObject({
  cluster: clusterName(),
  name: plainName('the name of a database'),
  owner: plainName('the name of a role'),
});

export type DatabaseSpec = z.output<typeof schema>;

const row = z.object({ name: z.string(), owner: z.string(), open: z.boolean() });

/** `unknown`: the server does not run. */
export type DatabaseState =
  | 'absent'
  | 'unknown'
  | {
      readonly owner: string;
      /** Every role of the server may connect, as PostgreSQL has it unless told otherwise. */
      readonly open: boolean;
    };

/** A database of PostgreSQL in UTF-8, which its owner has for itself. */
export const kind = defineKind({
  name: 'postgres-database',
  describe: 'A database of PostgreSQL: its owner, and that no other role may connect to it unasked.',
  schema,
  key: ({ name }) => name,

  observe: (specs) =>
    observing(
      byCluster(specs).map(({ cluster, specs: databases }) => ({
        cluster,
        sql: `SELECT jsonb_build_object('name', datname, 'owner', pg_get_userbyid(datdba),
  'open', has_database_privilege('public', oid, 'CONNECT'))
FROM pg_database WHERE datname IN (${literals(databases.map(({ name }) => name))});`,
      })),
    ),

  parse(output, specs) {
    const { rows, down } = parseSeen(output, row);
    return specs.map(({ name, cluster }): DatabaseState => {
      if (down.has(cluster)) return 'unknown';
      const found = rows.find((one) => one.name === name);
      return found ? { owner: found.owner, open: found.open } : 'absent';
    });
  },

  diff({ owner }, state, { remembered, adopted }): Difference | undefined {
    if (state === 'absent')
      return { action: 'create', summary: `make the database, which belongs to ${owner}` };
    if (state === 'unknown') {
      return {
        action: 'create',
        summary: 'make the database, if it is not there: PostgreSQL does not run, so nobody knows yet',
      };
    }
    const wrong = [
      ...(state.owner === owner ? [] : [`give it to ${owner} (it belongs to ${state.owner})`]),
      ...(state.open ? ['let nobody else connect'] : []),
    ];
    if (wrong.length === 0) return undefined;
    const summary = wrong.join(', ');
    if (remembered !== undefined)
      return { action: 'update', summary: `${summary} (changed on the host since)`, conflict: 'edited' };
    return { action: 'update', summary, touchesForeign: true, ...(!adopted && { conflict: 'adopt' }) };
  },

  step: databaseStep,
});
