import { z } from 'zod';
import { dumpsInput } from '../../src/compose/dumps.ts';
import { domain, port } from '../../src/compose/inputs.ts';
import type { RecipeContext } from '../../src/compose/recipe.ts';
import { tlsInput } from '../../src/compose/tls/input.ts';
import { plainName } from '../../src/resources/postgres/psql.ts';

const TAKEN = new Set(['postgres', 'template0', 'template1', 'hostwright_new', 'hostwright_old']);

/** What CREATE EXTENSION refuses to add to a running server. */
const PRELOADED = new Set(['pg_cron', 'timescaledb']);

const roleName = plainName('the name of a role')
  .refine((name) => name !== 'postgres', {
    error:
      'postgres is the administrator, who logs in on the host only: give the database an owner of its own',
  })
  .refine((name) => !name.startsWith('pg_') && name !== 'public' && name !== 'none', {
    error: 'names that begin with pg_, public and none are PostgreSQL’s own',
  });

const database = z.strictObject({
  name: plainName('the name of a database')
    .refine((name) => !TAKEN.has(name), {
      error: 'this name is for PostgreSQL’s own use, or hostwright’s: choose another one',
    })
    .meta({ help: 'What the database is called.' }),
  owner: roleName
    .optional()
    .meta({ help: 'The role that the database belongs to; default: one of the same name.' }),
  extensions: z
    .array(
      z
        .string()
        .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'the name of an extension has small letters, digits, _ and -')
        .refine((name) => !PRELOADED.has(name), {
          error:
            'this one has to be loaded with the server (shared_preload_libraries), which hostwright does not do',
        }),
    )
    .default([])
    .meta({
      help: 'Those that come with PostgreSQL (pg_trgm, citext …), postgis, and on Debian 13 vector; their packages are installed.',
      example: ['pg_trgm'],
    }),
});

export const inputs = z
  .strictObject({
    databases: z
      .array(database)
      .min(1, 'at least one database: what else would the server be for?')
      .meta({
        help: 'Each gets an owner with a password in the vault: hostwright secrets show ROLE/OWNER.',
        example: [{ name: 'blog', owner: 'blog' }],
      }),
    users: z
      .array(roleName)
      .default([])
      .meta({
        help: 'Further roles with a password; what they may do is said in SQL: GRANT CONNECT ON DATABASE blog TO report.',
        example: ['report'],
      }),
    port: port().default(5432).meta({ help: 'The port on which the server listens.' }),
    maxConnections: z.number().int().min(10).max(1000).optional().meta({
      help: 'Connections at a time; default: 40 on a machine with less than 2 GB of memory, else 100.',
    }),
    domain: domain().optional().meta({
      help: 'The name by which programs reach it, for its certificate.',
      example: 'db.example.org',
    }),
    tls: tlsInput(),
    dumps: dumpsInput(),
  })
  .check(({ value, issues }) => {
    const names = value.databases.map(({ name }) => name);
    names.forEach((name, index) => {
      if (names.indexOf(name) === index) return;
      const message = `there is a database ${name} already`;
      issues.push({ code: 'custom', input: name, path: ['databases', index, 'name'], message });
    });
  });

export type PostgresInput = z.output<typeof inputs>;
export type PostgresContext = RecipeContext<PostgresInput>;

/** A database with its owner. */
export interface OwnedDatabase {
  readonly name: string;
  readonly owner: string;
  readonly extensions: readonly string[];
}

export function databasesOf({ databases }: PostgresInput): readonly OwnedDatabase[] {
  return databases.map(({ name, owner = name, extensions }) => ({
    name,
    owner,
    extensions: [...new Set(extensions)],
  }));
}

/** Every role that logs in with a password. */
export function rolesOf(input: PostgresInput): readonly string[] {
  return [...new Set([...databasesOf(input).map(({ owner }) => owner), ...input.users])];
}
