import { z } from 'zod';
import { HostError } from '../errors.ts';
import { defineKind } from './kind.ts';
import { databaseRows, databaseStep } from './mariadb/database-step.ts';
import { charsetWord, databaseName } from './mariadb/names.ts';
import { observing, parseAsked } from './mariadb/sql.ts';

const schema = z.strictObject({
  name: databaseName(),
  charset: charsetWord().default('utf8mb4'),
  /** One that both MariaDB 10.11 and 11.8 have, so that a dump of one can be restored in the other. */
  collation: charsetWord().default('utf8mb4_unicode_ci'),
});

export type DatabaseSpec = z.output<typeof schema>;

/** A database as it was found. */
export interface DatabaseState {
  /** False while nobody can tell: MariaDB is installed and does not answer. */
  readonly known: boolean;
  /** Undefined where there is none. */
  readonly found?: { readonly charset: string; readonly collation: string };
}

/** A database of MariaDB. What is in it belongs to those who use it. */
export const kind = defineKind({
  name: 'mariadb-database',
  describe: 'A database of MariaDB with its character set. What is in it is never touched.',
  schema,
  key: ({ name }) => name,

  observe: (specs) => observing(databaseRows(specs.map(({ name }) => name))),

  parse(output, specs) {
    const asked = parseAsked(output);
    if (!asked) throw new HostError('The host sent an incomplete list of databases', { hint: 'Try again.' });
    return specs.map(({ name }): DatabaseState => {
      const [, charset = '', collation = ''] = asked.rows.find(([found]) => found === name) ?? [];
      return {
        known: asked.server !== 'silent',
        ...(charset !== '' && { found: { charset, collation } }),
      };
    });
  },

  diff({ charset, collation }, { known, found }, { remembered, adopted }) {
    if (!known) {
      return {
        action: 'create',
        summary: 'create the database unless it is there (not known yet: MariaDB does not answer)',
      };
    }
    if (!found) return { action: 'create', summary: `create the database, ${charset}` };
    if (found.charset === charset && found.collation === collation) return undefined;
    const foreign = remembered === undefined;
    return {
      action: 'update',
      summary: `new tables get ${collation} (was ${found.collation}); those that are there stay as they are`,
      ...(foreign && { touchesForeign: true, ...(!adopted && { conflict: 'adopt' }) }),
    };
  },

  step: databaseStep,
});
