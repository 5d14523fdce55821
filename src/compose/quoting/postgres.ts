import { oneLineOf, type Quoter, Unquotable } from './format.ts';

/** For PostgreSQL's configuration files. */
export const helpers = {
  /** The value of a setting in quotes, as postgresql.conf has it. */
  postgres: (value) => {
    const text = oneLineOf(value);
    // A backslash would begin an escape.
    if (text.includes('\\')) throw new Unquotable('it holds a backslash');
    return `'${text.replaceAll("'", "''")}'`;
  },

  /** A list of databases or roles in pg_hba.conf, in quotes: bare, some words mean more (all, replication). */
  postgresNames: (value) => {
    if (!Array.isArray(value) || value.length === 0) throw new Unquotable('a list is expected');
    return value
      .map((item) => {
        const text = oneLineOf(item);
        if (!/^[a-z_][a-z0-9_]{0,62}$/.test(text))
          throw new Unquotable(`${JSON.stringify(text)} is not a plain name`);
        return `"${text}"`;
      })
      .join(',');
  },

  /** A range of addresses in pg_hba.conf, or its words for the host's own. */
  postgresRange: (value) => {
    const text = oneLineOf(value);
    if (text !== 'samenet' && text !== 'samehost' && !/^[0-9a-f.:]+\/\d{1,3}$/.test(text))
      throw new Unquotable('it is not a range of addresses');
    return text;
  },
} satisfies Record<string, Quoter>;
